// Bulk actions: one form for all that are chosen, and what became of each.

import { app, attempt } from "/page/app.js";
import { call, newKey } from "/page/api.js";
import { $, h } from "/page/dom.js";
import { formOf } from "/page/forms.js";
import { nameFor } from "/page/row.js";
import { possible, said, w } from "/page/words.js";

const MOST = 200;

/** Do `command` to `tasks` once the caller has filled in its form. `onDone(ids)` hears which were done. */
export function openMany(command, tasks, onDone) {
  const dialog = $("many");
  const error = h("p", { class: "error", role: "alert" });
  const result = h("div", { role: "status" });
  const go = h("button", { class: "main" }, w("bulk.go"));
  let key = newKey(), sent = null;

  const send = attempt(async () => {
    error.textContent = "";
    go.disabled = true;
    result.textContent = w("bulk.doing");
    try {
      const { results } = await call("tasks/actions", { actions: sent }, { "Idempotency-Key": key });
      show(results);
    } catch (problem) {
      result.replaceChildren();
      error.textContent = problem.message; // the same key: nothing is done twice
    } finally {
      go.disabled = false;
    }
  });

  function show(results) {
    const done = results.filter((one) => one.status === "done");
    const not = results.filter((one) => one.status !== "done");
    const byId = new Map(tasks.map((task) => [task.id, task]));
    form.element.remove();
    result.replaceChildren(h("div", {},
      h("p", { class: not.length ? "" : "good" }, h("strong", {}, w("bulk.done", { done: done.length, refused: not.length }))),
      not.length > 0 && h("h3", {}, w("bulk.why")),
      not.length > 0 && h("ul", { class: "course" }, not.map((one) =>
        h("li", {}, h("strong", {}, nameFor(byId.get(one.task_id))), h("span", {}, said(one.reason) || one.code), h("span", {}, possible(one.allowed))))),
      h("p", { class: "buttons" },
        results.some((one) => one.status === "failed") && h("button", { type: "button", class: "main", onclick: send }, w("bulk.again")),
        h("button", { type: "button", onclick: () => dialog.close() }, w("close")))));
    result.querySelector("button").focus();
    onDone(done.map((one) => one.task_id));
    app.reload();
  }

  const form = formOf(command, tasks[0], {
    go,
    onCancel: () => dialog.close(),
    onMissing: (words) => (error.textContent = words),
    onBody: (body) => {
      const actions = tasks.map((task) => ({ task_id: task.id, command, ...(body ? { body } : {}) }));
      // Other words are another command; the same again is the same.
      if (sent && JSON.stringify(sent) !== JSON.stringify(actions)) key = newKey();
      sent = actions;
      send();
    },
  });
  if (tasks.length > MOST) {
    error.textContent = w("bulk.many");
    go.disabled = true;
  }
  dialog.replaceChildren(
    h("h2", { id: "many-title" }, w("bulk.title", { command: w(`do.${command}`), n: tasks.length })),
    form.element, error, result);
  dialog.showModal();
  form.focus();
}
