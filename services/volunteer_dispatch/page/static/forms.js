// The fields of each command, for one task or for many.

import { app } from "/page/app.js";
import { call } from "/page/api.js";
import { h } from "/page/dom.js";
import { said, w } from "/page/words.js";

const FIELDS = {
  accept: [],
  claim: [],
  decline: ["ground?", "reason"],
  return: ["ground", "reason"],
  progress: ["words"],
  complete: ["words:result"],
  extend: ["hours", "reason"],
  defer: ["review_at", "reason"],
  "answer-finally": ["final", "reason"],
  "wait-for-resident": ["asks"],
  resume: ["words?:answer"],
  "hand-over": ["to", "reason"],
  "accept-hand-over": [],
  "decline-hand-over": ["reason"],
  "withdraw-hand-over": [],
  reassign: ["to", "reason"],
  decide: ["to?", "reason"],
  approve: ["reason?:note"],
  refuse: ["reason"],
};

export const needsWords = (command) => FIELDS[command].length > 0;
let number = 0;

/** The form of `command`. `task`: whose receivers and counting are offered; `alert`: the caller is a
 * volunteer who was asked; `go`: the button that sends it. `onBody(body)` hears what was filled in
 * (null: nothing is asked), `onMissing(words)` what is missing. Returns the element, and `focus()`. */
export function formOf(command, task, { alert = false, title = "", go, onCancel, onBody, onMissing }) {
  const fields = fieldsOf(command, task, alert);
  const element = h("form", {
    class: "form",
    onsubmit: (event) => {
      event.preventDefault();
      let body;
      try {
        body = fields.read();
      } catch (error) {
        onMissing(error.message);
        return;
      }
      onBody(body);
    },
  }, title && h("h3", {}, title), fields.element,
    needsWords(command) && h("p", { class: "hint" }, w("field.private")), // others read what is written
    h("p", { class: "buttons" }, go, h("button", { type: "button", onclick: onCancel }, w("cancel"))));
  return { element, focus: () => (fields.first ?? go).focus() };
}

/** The fields: their element, and `read()`, which gives the body or throws. */
function fieldsOf(command, task, alert) {
  let parts = FIELDS[command];
  if (alert && command === "decline") parts = ["reason"];
  const fields = parts.map((part) => field(part, command, task));
  return {
    element: h("div", { class: "fields" }, fields.map((one) => one.element)),
    read() {
      const body = Object.assign({}, ...fields.map((one) => one.read()));
      return parts.length ? body : null;
    },
    first: fields[0]?.control,
  };
}

function field(part, command, task) {
  const [, name, optional, shown] = /^(\w+)(\?)?(?::(\w+))?$/.exec(part);
  if (name === "to") return receiver(command, task, Boolean(optional));
  const id = `field-${++number}`;
  const grounds = { ground: app.desk.return_grounds, final: app.desk.final_grounds }[name];
  const key = name === "final" ? "ground" : name;
  const most = app.desk.extension_hours_at_most;
  const label = w(`field.${shown ?? key}`, { n: most });
  let control;
  if (grounds) {
    const options = grounds.map((one) => h("option", { value: one.code }, said(one)));
    if (optional) options.unshift(h("option", { value: "" }, w("field.ground.none")));
    control = h("select", { id, name: key }, options);
  } else if (name === "hours") {
    control = h("input", { id, name, type: "number", min: 0.5, max: most, step: 0.5, inputmode: "decimal" });
  } else if (name === "review_at") {
    control = h("input", { id, name, type: "date" });
  } else {
    control = h("textarea", { id, name, rows: 3, maxlength: name === "words" ? 4000 : 200 });
  }
  const required = !optional;
  if (required) control.setAttribute("aria-required", "true");
  return {
    control,
    element: h("div", {}, h("label", { for: id }, label), control),
    read() {
      const value = control.value.trim();
      if (!value && required) {
        control.focus();
        throw new Error(w("field.missing", { field: label }));
      }
      if (!value) return {};
      if (name === "hours") return { hours: Number(value) };
      if (name === "review_at") return { review_at: new Date(`${value}T18:00:00`).toISOString() };
      return { [key]: value };
    },
  };
}

/** Whom it goes to: searched by name or id, chosen from a list. */
function receiver(command, task, optional) {
  const search = h("input", { id: `field-${++number}`, type: "search", placeholder: w("field.to.search"), autocomplete: "off" });
  const list = h("select", { id: `field-${++number}`, name: "to", size: 6, "aria-required": optional ? null : "true" });
  const ask = command === "hand-over" ? "hand-over" : "reassign";
  let turn = 0, timer = 0;
  async function look() {
    const mine = ++turn;
    const query = new URLSearchParams({ command: ask, text: search.value.trim(), limit: 100 });
    let found;
    try {
      found = (await call(`tasks/${encodeURIComponent(task.id)}/receivers?${query}`)).items;
    } catch (error) {
      if (mine === turn) list.replaceChildren(h("option", { value: "", disabled: true }, error.message));
      return;
    }
    if (mine !== turn) return;
    if (command === "decide") found = found.filter((one) => one.kind !== "volunteer");
    const kept = list.value;
    const options = found.map((one) => h("option", { value: `${one.kind}:${one.id}` }, labelOf(one)));
    if (optional) options.unshift(h("option", { value: "" }, w("field.to.back")));
    list.replaceChildren(...(options.length ? options : [h("option", { value: "", disabled: true }, w("field.to.none"))]));
    list.value = kept;
    if (!list.value && (found.length === 1 || optional)) list.selectedIndex = 0;
  }
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, 250);
  });
  look();
  return {
    control: search,
    element: h("div", {},
      h("label", { for: search.id }, w("field.to")), search,
      h("label", { for: list.id, class: "unseen" }, w("field.to")), list),
    read() {
      const at = list.value.indexOf(":");
      if (at < 0 && optional) return {};
      if (at < 0) {
        search.focus();
        throw new Error(w("field.missing", { field: w("field.to") }));
      }
      return { to: { kind: list.value.slice(0, at), id: list.value.slice(at + 1) } };
    },
  };
}

const labelOf = (one) => `${w(`kind.${one.kind}`)} ${one.name || one.id}`;
