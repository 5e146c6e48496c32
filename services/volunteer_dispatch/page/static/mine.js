// The own list of a volunteer or a unit: what to answer, what is in hand, what may be taken, hours.

import { app, calm } from "/page/app.js";
import { call } from "/page/api.js";
import { h } from "/page/dom.js";
import { dueCell, inTime, placeOf, rowOf } from "/page/row.js";
import { refreshTask, whenClaimable } from "/page/task.js";
import { category, fetchNames, moment, short, w, who } from "/page/words.js";

const KINDS = ["alerts", "offers", "holds", "assists", "pool"];
const FIRST = ["alerts", "offers"];

/** A part of the list under its title. */
function section(kind, number, ...content) {
  const id = `mine-${kind}`;
  return h("section", { class: `group ${FIRST.includes(kind) ? "answer" : ""}`, "aria-labelledby": id, data: { kind } },
    h("div", { class: "grouphead" }, h("h2", { id }, w(`mine.${kind}`), number)), content);
}

export class Mine {
  constructor(root) {
    this.root = root;
    this.turn = 0;
    this.rows = [];
    this.list = null;
    whenClaimable((id) => this.list?.pool.some((task) => task.id === id));
    root.replaceChildren(h("p", { class: "empty" }, w("loading")));
  }

  async load() {
    const turn = ++this.turn, me = app.desk;
    const volunteer = me.role === "volunteer";
    const [mine, pool, done, hours] = await Promise.all([
      call("mine"), call("pool?limit=100"), call("mine/history?limit=20"),
      volunteer ? call(`volunteers/${encodeURIComponent(me.volunteer_id)}/hours`) : null,
    ]);
    if (turn !== this.turn) return;
    const held = new Set(["alerts", "offers", "holds"].flatMap((kind) => mine[kind].map((task) => task.id)));
    this.list = { ...mine, pool: pool.items.filter((task) => !held.has(task.id)) };
    this.done = done.items;
    this.hours = hours;
    await this.names();
    await calm();
    if (turn !== this.turn) return;
    this.draw();
    refreshTask();
  }

  /** Ask for the names that will be shown. */
  names() {
    for (const kind of KINDS)
      for (const task of this.list[kind]) {
        placeOf(task);
        who(task.assignee);
      }
    return fetchNames();
  }

  draw() {
    this.rows = [];
    const sections = KINDS.filter((kind) => this.list[kind].length).map((kind) => this.group(kind));
    if (!KINDS.some((kind) => kind !== "pool" && this.list[kind].length)) sections.unshift(h("p", { class: "empty" }, w("mine.empty")));
    if (this.hours) sections.push(this.hoursSection());
    sections.push(this.doneSection());
    const at = document.activeElement?.closest?.(".row")?.dataset.id;
    const place = scrollY;
    this.root.replaceChildren(...sections);
    if (at) this.root.querySelector(`[data-id="${CSS.escape(at)}"] .open`)?.focus({ preventScroll: true });
    scrollTo(0, place);
  }

  group(kind) {
    const tasks = this.list[kind];
    const rows = tasks.map((task) => {
      const element = rowOf(task, { alert: kind === "alerts", claimable: kind === "pool" });
      this.rows.push({ task, element });
      return element;
    });
    return section(kind, ` (${tasks.length})`, h("ul", { class: "rows" }, rows));
  }

  hoursSection() {
    const { confirmed, proposed, items } = this.hours;
    return section("hours", "",
      h("p", { class: "sums" }, h("strong", {}, w("mine.confirmed", { n: confirmed })), " · ", w("mine.proposed", { n: proposed })),
      items.length
        ? h("ul", { class: "plain" }, items.slice(0, 20).map((one) => h("li", {},
          h("span", {}, `${w(`source.${one.source}`)} · ${category(one.kind)}`),
          h("span", {}, moment(one.ended_at)),
          h("span", {}, w("mine.hours.of", { n: one.counted })),
          h("span", { class: "note" }, w(`hours.${one.status}`)))))
        : h("p", { class: "hint" }, w("mine.nohours")));
  }

  doneSection() {
    return section("done", "",
      this.done.length
        ? h("ul", { class: "plain" }, this.done.map((one) => h("li", {},
          h("span", {}, `${category(one.category)} ${short(one.request_id)}`),
          h("span", {}, one.ended_at ? moment(one.ended_at) : ""),
          h("span", { class: one.in_time === false ? "late" : "note" }, inTime(one)))))
        : h("p", { class: "hint" }, w("mine.nodone")));
  }

  tick() {
    for (const { task, element } of this.rows) dueCell(task, element.querySelector(".due"));
  }

  end() {
    this.turn++;
  }
}
