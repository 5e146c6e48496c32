// What all parts of the page share: who the caller is, and ways to tell and to load anew.

import { $, h } from "/page/dom.js";
import { w } from "/page/words.js";

export const app = {
  desk: null,
  /** Load what is shown anew; the view in front sets it. */
  reload: async () => {},
};

let hides;

/** Say something in the bar above the list; an error stays until it is closed. */
export function tell(text, kind = "error") {
  clearTimeout(hides);
  const bar = $("message");
  bar.hidden = !text;
  bar.className = kind;
  bar.replaceChildren();
  if (!text) return;
  bar.append(h("span", {}, text), h("button", { type: "button", class: "quiet", onclick: () => tell("") }, w("close")));
  if (kind !== "error") hides = setTimeout(() => tell(""), 8000);
}

/** For listeners: what goes wrong is said. */
export const attempt = (act) => async (event) => {
  try {
    await act(event);
  } catch (error) {
    if (error.status === undefined) console.error(error);
    tell(error.message);
  }
};

// Nothing is drawn anew under a finger: what is pressed must still be there when it is let go.

let pressed = false;
let waiting = [];
function released() {
  pressed = false;
  const ready = waiting;
  waiting = [];
  setTimeout(() => ready.forEach((go) => go()), 0); // after the click
}
window.addEventListener("pointerdown", () => (pressed = true), true);
window.addEventListener("pointerup", released, true);
window.addEventListener("pointercancel", released, true);

/** Wait until no button or finger is down. */
export const calm = () => (pressed ? new Promise((go) => waiting.push(go)) : Promise.resolve());

// Who may do what, as the service sees it: to show the right buttons. The service decides.

/** Whether the caller acts for `one`, who has a task with the path `areas`, or stands above. */
function actsFor(one, areas) {
  const me = app.desk;
  switch (me.role) {
    case "administrator":
      return true;
    case "unit_operator":
      return one.unit_id === me.unit_id;
    case "volunteer":
      return one.kind === "volunteer" && one.id === me.volunteer_id;
    case "grid_leader":
      return one.kind === "grid_team" || one.kind === "volunteer";
    default: {
      const at = one.kind === "area_duty" ? areas.indexOf(one.id) : -1;
      const path = at < 0 ? areas : areas.slice(0, at + 1);
      return path.some((code) => me.areas.includes(code));
    }
  }
}

export const mayAct = (task) => Boolean(task.assignee) && actsFor(task.assignee, task.area_path);

/** Whether the task is offered to the caller, and not to somebody below. */
export const offeredToMe = (task) =>
  Boolean(task.offer) && ownHolders().includes(`${task.offer.to.kind}:${task.offer.to.id}`);

const MANAGERS = ["area_manager", "administrator"];
export const isManager = () => MANAGERS.includes(app.desk.role);

/** The commands of a task that are the caller's. */
export function commandsFor(task) {
  const mine = mayAct(task), to = task.offer && actsFor(task.offer.to, task.area_path), me = app.desk;
  const asked = task.status === "matching" && me.role === "volunteer";
  return task.commands.filter((name) => {
    if (name === "reassign" || name === "decide") return isManager();
    if (name === "approve" || name === "refuse")
      return isManager() || (me.role === "grid_leader" && task.assignee?.kind === "volunteer");
    if (name === "accept-hand-over" || name === "decline-hand-over") return to;
    return mine || (asked && (name === "accept" || name === "decline"));
  });
}

/** `kind:id` of those for whom the caller works. */
export function ownHolders() {
  const me = app.desk;
  if (me.role === "grid_leader") return me.grids.map((id) => `grid_team:${id}`);
  if (me.role === "area_manager") return me.areas.map((id) => `area_duty:${id}`);
  if (me.role === "unit_operator") return [`unit:${me.unit_id}`];
  if (me.role === "volunteer") return [`volunteer:${me.volunteer_id}`];
  return [];
}
