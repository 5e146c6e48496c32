// A task as a row: what it is, where, who has it, and how much time is left, in words and colour.

import { app, attempt, mayAct, offeredToMe, tell } from "/page/app.js";
import { call } from "/page/api.js";
import { h } from "/page/dom.js";
import { openTask } from "/page/task.js";
import { category, moment, nameOf, short, span, w, who } from "/page/words.js";

export const isOpen = (task) => ["matching", "assigned", "accepted"].includes(task.status);

/** Late now, by the clock of this machine: the service says so at the next load too. */
export const isLate = (task) =>
  isOpen(task) && !task.pause && task.deadline !== null && Date.parse(task.deadline) < Date.now();

export function placeOf(task) {
  const leaf = task.area_path.at(-1);
  const names = [leaf && nameOf("area", leaf), task.grid_id && nameOf("grid_team", task.grid_id)];
  return [...new Set(names.filter(Boolean))].join(" · ");
}

export const nameFor = (task) => `${category(task.category)} ${short(task.request_id)}`;

export const badge = (task) => h("span", { class: `badge ${task.urgency}` }, w(`urgency.${task.urgency}`));

/** Whether it was done in time, in words; empty where that is not known. */
export const inTime = (task) => (task.in_time === null ? "" : w(task.in_time ? "row.in_time" : "row.not_in_time"));

export const tellDone = (command, task) => tell(w("done", { command: `${w(`do.${command}`)} · ${nameFor(task)}` }), "good");

/** How it stands, in words. */
export function standing(task) {
  if (offeredToMe(task)) return w("row.offered.you");
  if (task.awaits) return w(`awaits.${task.awaits}`);
  if (task.pause) return w(`pause.${task.pause.kind}`);
  if (task.offer) return w("row.offered", { who: who(task.offer.to) });
  if (task.status === "matching" && task.asked.length) return `${w("status.matching")}${w("list")}${w("row.asked", { n: task.asked.length })}`;
  return w(`status.${task.status}`);
}

/** The deadline's cell; called again as time goes by. */
export function dueCell(task, cell = h("div", { class: "due" })) {
  const late = isLate(task), at = task.deadline;
  cell.classList.toggle("late", late);
  if (!isOpen(task)) {
    cell.classList.toggle("late", task.in_time === false);
    cell.replaceChildren(h("strong", {}, inTime(task)), h("span", {}, task.completed_at ? w("row.ended", { time: moment(task.completed_at) }) : ""));
  } else if (task.pause) {
    cell.replaceChildren(h("strong", {}, w("row.stopped")), h("span", {}, moment(task.pause.until)));
  } else if (!at) {
    cell.replaceChildren(h("span", {}, w("row.nodue")));
  } else {
    const left = Date.parse(at) - Date.now();
    cell.replaceChildren(
      late
        ? h("strong", {}, h("span", { "aria-hidden": "true" }, "⚠ "), w("row.late", { time: span(-left) }))
        : h("strong", { class: left < 6 * 3600000 ? "soon" : "" }, w("row.left", { time: span(left) })),
      h("span", {}, w("row.due", { time: moment(at) })),
    );
  }
  return cell;
}

const act = (task, command) =>
  attempt(async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    try {
      await call(`tasks/${encodeURIComponent(task.id)}/${command}`, null);
      tellDone(command, task);
    } finally {
      button.disabled = false;
      app.reload();
    }
  });

function buttons(task, { alert, claimable }) {
  const made = (words, kind, onclick) =>
    h("button", { type: "button", class: kind, "aria-label": `${w(words)}${w("sep")}${nameFor(task)}`, onclick }, w(words));
  const button = (command, words = `do.${command}`) => made(words, "main", act(task, command));
  const open = (command, words = `do.${command}`, kind = "") => made(words, kind, () => openTask(task.id, command));
  if (alert) return [button("accept", "do.accept.alert"), open("decline", "do.decline.alert")];
  if (offeredToMe(task)) return [button("accept-hand-over"), open("decline-hand-over")];
  if (claimable) return [button("claim")];
  if (task.awaits) return [];
  if (task.status === "assigned" && mayAct(task)) return [button("accept")];
  if (app.desk.role === "volunteer" && task.status === "accepted" && !task.pause) return [open("complete", "do.complete", "main"), open("progress")];
  return [];
}

/** The row of a task.
 * `choose(id, on, event)`: it can be chosen (empty: others of the list can); `alert`: the caller was asked; `claimable`: may be taken. */
export function rowOf(task, { choose = null, chosen = false, alert = false, claimable = false } = {}) {
  const mine = alert ? task.asked[0] : null;
  const until = mine
    ? w("row.answer_by", { time: moment(mine.answer_by) })
    : task.status === "assigned" && task.accept_by ? w("row.accept_by", { time: moment(task.accept_by) }) : "";
  const notes = [
    claimable && h("span", { class: "note" }, w("claimable")),
    task.round > 1 && h("span", { class: "note" }, w("row.round", { n: task.round })),
  ];
  const made = h("li", { class: "row", data: { id: task.id } },
    choose === "" && h("span", { class: "choose" }),
    choose && h("label", { class: "choose" },
      h("input", {
        type: "checkbox", checked: chosen, "aria-label": w("choose", { what: nameFor(task) }),
        onclick: (event) => choose(task.id, event.currentTarget.checked, event),
      })),
    h("div", { class: "what" },
      h("button", { type: "button", class: "open", onclick: () => openTask(task.id) },
        badge(task), h("span", { class: "name" }, category(task.category)), h("span", { class: "id" }, short(task.request_id))),
      h("p", {}, placeOf(task), notes)),
    h("div", { class: "holder" },
      !alert && h("span", {}, task.assignee ? who(task.assignee) : w("row.nobody")),
      !alert && h("span", { class: "state" }, standing(task)),
      until && h("span", { class: "state" }, until)),
    dueCell(task),
    h("div", { class: "acts" }, buttons(task, { alert, claimable })));
  made.classList.toggle("overdue", isLate(task));
  made.classList.toggle("pressing", task.urgency === "danger" && isOpen(task));
  return made;
}
