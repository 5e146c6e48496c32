// One task: everything about it, what can be done, who said no and why, and what happened.

import { app, attempt, calm, commandsFor, isManager, tell } from "/page/app.js";
import { call } from "/page/api.js";
import { $, h } from "/page/dom.js";
import { formOf, needsWords } from "/page/forms.js";
import { badge, dueCell, isOpen, standing, tellDone } from "/page/row.js";
import { category, fetchNames, hasWord, moment, nameOf, possible, said as inWords, w, who, whoKey } from "/page/words.js";

let shown = null; // { task, why, past, command, form, error }
let claimable = () => false;
let wanted = null; // id of the task that was asked for last

/** The view in front says which tasks the caller may take. */
export function whenClaimable(test) {
  claimable = test;
}

const dialog = () => $("task");
const taskShown = () => (dialog().open ? shown?.task.id : null);

/** Show a task, with the form of `command` open where it is given. */
export async function openTask(id, command = null) {
  shown = null;
  wanted = id;
  await attempt(() => load(id))();
  if (!shown) return;
  draw();
  if (!dialog().open) {
    dialog().showModal();
    const address = `#task=${encodeURIComponent(id)}`;
    if (location.hash !== address) history.pushState({ task: id }, "", address);
  }
  if (command && commandsFor(shown.task).includes(command)) begin(command);
}

/** Load it anew; what was typed stays. */
export async function refreshTask() {
  if (!dialog().open || !shown) return;
  const { version } = shown.task;
  try {
    await load(shown.task.id);
    await calm();
    if (shown && shown.task.version !== version) draw();
  } catch (error) {
    if (error.status === 403 || error.status === 404) {
      closeTask();
      tell(error.message);
    }
  }
}

export function closeTask() {
  if (dialog().open) dialog().close();
}

export function prepareTask() {
  dialog().addEventListener("close", () => {
    shown = null;
    if (history.state?.task) history.back();
    else if (location.hash.startsWith("#task=")) history.replaceState(null, "", location.pathname);
  });
  dialog().addEventListener("click", (event) => {
    if (event.target === dialog()) closeTask(); // beside it
  });
  window.addEventListener("popstate", () => {
    const id = taskInAddress();
    if (id && id !== taskShown()) openTask(id);
    else if (!id && dialog().open) closeTask();
  });
}

export function taskInAddress() {
  return location.hash.startsWith("#task=") ? decodeURIComponent(location.hash.slice(6)) : null;
}

async function load(id) {
  const path = `tasks/${encodeURIComponent(id)}`;
  const [task, why, past] = await Promise.all([call(path), call(`${path}/explanation`), call(`${path}/history`)]);
  if (wanted !== id || (shown && shown.task.version > task.version)) return; // answers overtake each other
  shown = { ...shown, task, why, past };
  facts(task); // asks for the names
  refusals(past, why);
  await fetchNames();
}

function draw() {
  if (!shown) return;
  const { task, why, past } = shown;
  const top = dialog().scrollTop;
  const title = h("h2", { id: "task-title", tabindex: "-1", autofocus: true }, badge(task), " ", category(task.category));
  const no = refusals(past, why);
  dialog().replaceChildren(
    h("div", { class: "head" }, title,
      h("button", { type: "button", class: "quiet", onclick: closeTask }, w("close"))),
    h("div", { class: "standing" }, h("strong", {}, standing(task)), dueCell(task)),
    doing(task),
    facts(task),
    ...(no.length ? [h("h3", {}, w("task.refusals")), h("ul", { class: "course" }, no)] : []),
    h("h3", {}, w("task.course")),
    h("ol", { class: "course" }, course(task, why, past)),
  );
  dialog().scrollTop = top;
}

const OFFERED_FIRST = ["accept", "accept-hand-over", "claim", "approve", "complete", "progress"];

function doing(task) {
  const commands = [...(claimable(task.id) ? ["claim"] : []), ...commandsFor(task)];
  commands.sort((a, b) => rank(a) - rank(b));
  const box = h("section", { class: "doing", "aria-label": w("task.do") });
  if (!commands.length) box.append(h("p", { class: "hint" }, w("task.nothing")));
  box.append(h("div", { class: "buttons" }, commands.map((name) =>
    h("button", {
      type: "button", class: OFFERED_FIRST.includes(name) ? "main" : "", data: { command: name },
      "aria-expanded": needsWords(name) ? String(shown.command === name) : null,
      onclick: () => (needsWords(name) ? begin(shown.command === name ? null : name) : send(name, null)),
    }, word(name, task)))));
  if (shown.form) box.append(shown.form.element);
  box.append(h("p", { id: "task-error", class: "error", role: "alert" }, shown.error ?? ""));
  return box;
}

/** A command's word; one who was asked is spoken to otherwise. */
function word(name, task) {
  const asked = task.status === "matching" && app.desk.role === "volunteer" && hasWord(`do.${name}.alert`);
  return w(asked ? `do.${name}.alert` : `do.${name}`);
}

const rank = (name) => (OFFERED_FIRST.indexOf(name) + 1 || 99);

function begin(command, onBehalf = null) {
  shown.command = command;
  shown.error = "";
  shown.form = null;
  if (command) {
    const words = onBehalf ? w(`do.${command}.for`, { who: onBehalf }) : word(command, shown.task);
    shown.form = formOf(command, shown.task, {
      alert: shown.task.status === "matching",
      title: words,
      go: h("button", { class: "main" }, words),
      onCancel: () => begin(null),
      onBody: (body) => send(command, body, onBehalf),
      onMissing: fail,
    });
  }
  draw();
  shown.form?.focus();
}

function fail(text) {
  if (!shown) return;
  shown.error = text;
  $("task-error").textContent = text;
}

let busy = false;

/** What a person has seen of a task when he or she decides; the service's own notes are not part of it. */
const decidedOn = (task) => JSON.stringify([task.status, task.round, task.assignee, task.proposal, task.offer, task.pause, task.deadline]);

async function send(command, body, onBehalf = null) {
  if (busy) return;
  busy = true;
  fail("");
  const { task } = shown, path = `tasks/${encodeURIComponent(task.id)}`;
  const query = onBehalf ? `?${new URLSearchParams({ on_behalf_of: onBehalf })}` : "";
  const post = (version) => call(`${path}/${command}${query}`, body, { "If-Match": `"${version}"` });
  try {
    await post(task.version).catch(async (error) => {
      if (error.status !== 412) throw error;
      const now = await call(path);
      if (decidedOn(now) === decidedOn(task)) return post(now.version);
      await refreshTask();
      throw error;
    });
    tellDone(command, task);
    closeTask();
    app.reload();
  } catch (error) {
    if (error.status === 409) await refreshTask();
    if (error.status !== 422) app.reload();
    fail(error.status === 412 ? w("error.changed") : [error.message, possible(error.allowed)].filter(Boolean).join("\n"));
  } finally {
    busy = false;
  }
}

// What is known of it

function facts(task) {
  const rows = [];
  const row = (key, ...value) => {
    if (value.some(Boolean)) rows.push(h("dt", {}, w(key)), h("dd", {}, value));
  };
  const path = task.area_path.map((code) => nameOf("area", code)).join(" › ");
  row("task.place", path);
  row("task.grid", task.grid_id && nameOf("grid_team", task.grid_id));
  row("task.holder", task.assignee ? who(task.assignee) : w("row.nobody"));
  const lead = task.lead && task.assignee && task.lead.id === task.assignee.id ? null : task.lead;
  row("task.lead", lead && who(lead));
  row("task.assisting", task.assisting.map(who).join(w("list")));
  row("task.asked", task.asked.length > 0 && askedList(task));
  row("task.offer", task.offer && w("task.offer.words", {
    who: who(task.offer.to), time: moment(task.offer.until), reason: task.offer.reason,
  }));
  row("task.pause", task.pause && w("task.pause.words", {
    kind: w(`pause.${task.pause.kind}`), since: moment(task.pause.since), until: moment(task.pause.until), reason: task.pause.reason,
  }));
  row("task.proposal", task.proposal && w("task.proposal.words", {
    by: byWhom(task.proposal.by), kind: w(`proposal.${task.proposal.kind}`), reason: task.proposal.reason,
  }), task.proposal?.hours && ` · ${w("time.hours", { n: task.proposal.hours })}`,
  task.proposal?.review_at && ` · ${moment(task.proposal.review_at)}`);
  row("task.problem", task.problem?.open && w(`problem.${task.problem.reason}`));
  row("task.supervisor", task.supervisor && who(task.supervisor));
  row("task.deadline", task.deadline && `${moment(task.deadline)} · ${w(`counts.${task.counts}`)}`);
  row("task.accept_by", task.status === "assigned" && task.accept_by && moment(task.accept_by));
  row("task.return_by", isOpen(task) && (task.bound ? w("task.bound") : task.return_by && moment(task.return_by)));
  row("task.requested", task.requested_at && moment(task.requested_at));
  row("task.completed", task.completed_at && moment(task.completed_at));
  row("task.round", task.round > 1 && String(task.round));
  row("task.returns", task.returns > 0 && String(task.returns));
  row("task.extensions", task.extensions > 0 && String(task.extensions));
  row("task.status", task.joined && w("task.joined", { id: task.joined.lead_request_id }));
  row("task.request", h("code", {}, task.request_id));
  row("task.id", h("code", {}, task.id));
  return h("dl", { class: "facts" }, rows);
}

function askedList(task) {
  const speaks = isManager() || app.desk.role === "grid_leader";
  return h("ul", {}, task.asked.map((one) => h("li", {},
    `${w("kind.volunteer")} ${one.volunteer_id} · ${one.silent ? w("task.silent") : w("row.answer_by", { time: moment(one.answer_by) })} `,
    speaks && [
      h("button", { type: "button", onclick: () => send("accept", null, one.volunteer_id) }, w("do.accept.for", { who: one.volunteer_id })), " ",
      h("button", { type: "button", onclick: () => begin("decline", one.volunteer_id) }, w("do.decline.for", { who: one.volunteer_id })),
    ])));
}

/** Whether the service itself did it: no person, and no unit's system. */
const bySystem = (by) => !by.startsWith("/units/") && !hasWord(`role.${by.split(":")[0]}`);

/** `role:subject` in words; a service or unit's system by its name. */
function byWhom(by) {
  const unit = /^\/units\/(.+)$/.exec(by);
  if (unit) return who({ kind: "unit", id: unit[1] });
  const at = by.indexOf(":");
  return bySystem(by) ? w("task.by.system") : `${w(`role.${by.slice(0, at)}`)} ${by.slice(at + 1)}`;
}

/** A reason that somebody gave, or the code of a rule in words. */
const reason = (why) => (hasWord(`why.${why}`) ? w(`why.${why}`) : why);

const kindsOf = (entry) => entry.what.map((type) => type.replace(/^lianxin\./, "").replace(/\.v\d+$/, ""));
const NO = ["task.declined", "task.returned", "task.part_declined", "task.proposal_refused"];

/** Those who declined, returned or let their time pass, with the reason that they gave. */
function refusals(past, why) {
  const found = [];
  for (const entry of past) {
    const kinds = kindsOf(entry);
    let no = kinds.find((kind) => NO.includes(kind));
    const person = /^(volunteer|grid_leader|area_manager|administrator|unit_operator):/.test(entry.by);
    if (!no && person && kinds.includes("task.alerts_ended") && !kinds.includes("task.assigned")) no = "task.declined";
    let said = no && w(`event.${no}`);
    if (person && kinds.length === 1 && kinds[0] === "task.offer_ended" && entry.why !== "withdrawn") said = w("do.decline-hand-over");
    if (said) found.push([entry.at, `${byWhom(entry.by)} · ${said}${w("sep")}${reason(entry.why) || w("task.noreason")}`]);
  }
  for (const one of why.decisions) if (one.why === "silent") found.push([one.at, keysInWords(inWords(one.words))]);
  return inOrder(found);
}

const inOrder = (lines) =>
  lines.sort((a, b) => Date.parse(a[0]) - Date.parse(b[0]))
    .map(([at, text]) => h("li", {}, h("time", { datetime: at }, moment(at)), h("span", {}, text)));

const keysInWords = (text) => text.replace(/\b(unit|grid_team|volunteer|area_duty):[^\s,，;；)）。]+/g, (key) => whoKey(key.replace(/\.$/, "")));

/** What happened. The service's own notes without a fact, and its codes without words, are left out. */
function course(task, why, past) {
  const lines = [];
  for (const entry of past) {
    const what = kindsOf(entry).map((kind) => w(`event.${kind}`)).join(w("list"));
    const because = bySystem(entry.by) && !hasWord(`why.${entry.why}`) ? "" : reason(entry.why);
    if (what || because) lines.push([entry.at, [byWhom(entry.by), what, because].filter(Boolean).join(" · ")]);
  }
  for (const one of why.decisions) lines.push([one.at, keysInWords(inWords(one.words))]);
  for (const one of task.words) lines.push([one.at, `${byWhom(one.by)} · ${w(`words.${one.what}`)}${w("sep")}${one.text}`]);
  return inOrder(lines);
}

