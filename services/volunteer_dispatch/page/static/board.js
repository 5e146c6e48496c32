// The board: what is worst first, filters, choosing many. Rows are kept and only changed ones made anew.

import { app, calm, isManager, ownHolders, tell } from "/page/app.js";
import { call } from "/page/api.js";
import { $, arrange, h } from "/page/dom.js";
import { openMany } from "/page/many.js";
import { dueCell, isLate, placeOf, rowOf } from "/page/row.js";
import { openTask, refreshTask, whenClaimable } from "/page/task.js";
import { category, fetchNames, language, nameOf, namesEpoch, said, w, who } from "/page/words.js";

const MOST = 1000; // rows that are loaded by themselves; beyond it a button loads more
const ORDER = ["overdue", "awaiting_decision", "due_soon", "to_accept", "asking", "in_hand", "waiting_for_resident", "set_aside", "done_lately"];
const RANK = { danger: 0, utilities: 1, ordinary: 2, complex: 3 };
const URGENT = "urgent"; // danger, whatever its column: on top
const POOL = "pool";
const DONE = "done_lately";
const BULK = ["accept", "hand-over", "extend", "claim", "progress", "complete"];
const BULK_OF_MANAGERS = ["accept", "reassign", "hand-over", "extend", "approve", "refuse", "progress", "complete"];

export class Board {
  constructor(root) {
    this.root = root;
    this.columns = [];
    this.pool = [];
    this.rows = new Map(); // id -> { key, element, task }
    this.sections = new Map();
    this.chosen = new Set();
    this.more = new Map(); // rows wanted of a column beyond those loaded by themselves
    this.seen = { area: new Map(), grid: new Set(), category: new Set() }; // areas with their depth
    this.turn = 0;
    this.versions = new Map();
    this.changed = new Set();
    this.filters = JSON.parse(sessionStorage.getItem("filters") ?? "{}");
    whenClaimable((id) => this.claimable.has(id));
    this.claimable = new Set();
    this.build();
  }

  // Loading

  query() {
    const { area, grid, category: code, urgency, overdue, mine, request } = this.filters;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ area, grid, category: code, urgency, request })) if (value) query.set(name, value);
    if (overdue) query.set("overdue", "true");
    if (mine) ownHolders().forEach((holder) => query.append("holder", holder));
    return query;
  }

  async load() {
    const mine = ++this.turn, query = this.query();
    const claims = ["grid_leader", "unit_operator"].includes(app.desk.role);
    const first = new URLSearchParams(query);
    first.set("limit", "50");
    const [board, pool] = await Promise.all([call(`board?${first}`), claims ? call("pool?limit=200") : { items: [] }]);
    let left = MOST - board.columns.reduce((sum, column) => sum + column.items.length, 0);
    for (const column of board.columns) {
      let wanted = column.column === DONE ? 0 : Math.max(0, Math.min(left, column.number - column.items.length));
      left -= wanted;
      wanted += this.more.get(column.column) ?? 0;
      while (column.next && wanted > 0) {
        const next = new URLSearchParams(query);
        next.set("limit", String(Math.min(wanted, 200)));
        next.set("cursor", column.next);
        const page = await call(`board/${column.column}?${next}`);
        column.items.push(...page.items);
        column.next = page.next;
        wanted -= page.items.length;
      }
    }
    if (mine !== this.turn) return;
    this.columns = board.columns;
    this.pool = pool.items;
    this.claimable = new Set(pool.items.map((task) => task.id));
    this.note(query.toString());
    await fetchNames();
    await calm();
    if (mine !== this.turn) return;
    this.draw();
    refreshTask();
  }

  /** Remember what was seen, for the lists of the filters, and what has changed since the last time. */
  note(query) {
    const before = this.asked === query ? this.versions : null;
    this.asked = query;
    this.versions = new Map();
    this.changed = new Set();
    for (const { items } of this.columns)
      for (const task of items) {
        this.versions.set(task.id, task.version);
        if (before && before.get(task.id) !== task.version) this.changed.add(task.id);
        placeOf(task); // the names that will be shown
        who(task.assignee);
        this.seen.category.add(task.category);
        if (task.grid_id) this.seen.grid.add(task.grid_id);
        task.area_path.forEach((code, depth) => {
          this.seen.area.set(code, depth);
          nameOf("area", code);
        });
      }
  }

  // Drawing

  build() {
    const search = h("input", {
      id: "search", type: "search", placeholder: w("filter.search"), "aria-label": w("filter.search"), autocomplete: "off", value: this.filters.text ?? "",
      oninput: (event) => this.set({ text: event.target.value }, false),
      onkeydown: (event) => {
        if (event.key === "Enter") this.lookUp(event.target.value.trim());
      },
    });
    this.chips = h("div", { class: "chips", role: "group", "aria-label": w("filter.states") });
    this.selects = h("div", { class: "selects", id: "selects" });
    this.count = h("span", { class: "note" });
    const toggle = h("button", { // on narrow screens only
      type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": "selects",
      onclick: () => toggle.setAttribute("aria-expanded", String(this.selects.classList.toggle("open"))),
    }, w("filter.title"), this.count);
    this.lists = h("div", { class: "lists" }, h("p", { class: "empty" }, w("loading")));
    this.root.replaceChildren(h("div", { class: "tools" }, this.chips, search, toggle, this.selects), this.lists);
    this.root.addEventListener("keydown", this.onKey);
    this.drawBulk();
  }

  end() {
    this.turn++;
    this.root.removeEventListener("keydown", this.onKey);
    $("bulk").hidden = true;
  }

  set(changes, loads = true) {
    Object.assign(this.filters, changes);
    sessionStorage.setItem("filters", JSON.stringify(this.filters));
    if (loads) {
      this.more.clear();
      app.reload();
    } else this.draw();
  }

  async lookUp(text) {
    if (text.length < 8 || this.groups().some((group) => group.tasks.length)) return;
    try {
      const found = await call(`board?${new URLSearchParams({ request: text, limit: "1" })}`);
      const task = found.columns.flatMap((column) => column.items)[0];
      await (task ? openTask(task.id) : call(`tasks/${encodeURIComponent(text)}`).then(() => openTask(text)));
    } catch (error) {
      tell(error.status === 404 || error.status === 403 ? w("filter.unknown", { id: text }) : error.message);
    }
  }

  fits(task) {
    const text = (this.filters.text ?? "").trim().toLowerCase();
    if (!text) return true;
    const words = [task.id, task.request_id, placeOf(task), category(task.category), task.category, task.assignee ? who(task.assignee) : ""];
    return words.some((word) => word.toLowerCase().includes(text));
  }

  /** What is shown: the groups in their order, each with its tasks, the worst first. */
  groups() {
    const only = this.filters.column ?? "";
    const byName = new Map(this.columns.map((column) => [column.column, column]));
    const urgent = [], groups = [];
    for (const name of ORDER) {
      const column = byName.get(name);
      if (!column || (only && only !== URGENT && only !== name)) continue;
      let tasks = column.items.filter((task) => this.fits(task));
      let moved = 0;
      if (only !== name && name !== DONE) {
        const danger = tasks.filter(isUrgent);
        urgent.push(...danger);
        moved = danger.length;
        tasks = tasks.filter((task) => !isUrgent(task));
      }
      if (name !== DONE) tasks.sort(worst);
      if (only === URGENT) continue;
      groups.push({ name, title: said(column.name), tasks, number: column.number - moved, left: column.number - column.items.length, next: column.next });
    }
    const onBoard = new Set(this.columns.flatMap((column) => column.items.map((task) => task.id)));
    const pool = this.pool.filter((task) => !onBoard.has(task.id) && this.fits(task));
    if (pool.length && (!only || only === POOL)) {
      const at = groups.findIndex((group) => ORDER.indexOf(group.name) > ORDER.indexOf("to_accept"));
      groups.splice(at < 0 ? groups.length : at, 0, { name: POOL, title: w("column.pool"), tasks: pool.sort(worst), number: pool.length, left: 0 });
    }
    if (urgent.length) groups.unshift({ name: URGENT, title: w("urgency.danger"), tasks: urgent.sort(worst), number: urgent.length, left: 0 });
    return groups;
  }

  draw() {
    this.drawFilters();
    const groups = this.groups(), visible = new Set();
    const sections = [];
    for (const group of groups) {
      if (!group.tasks.length && !group.left) continue;
      group.tasks.forEach((task) => visible.add(task.id));
      sections.push(this.drawGroup(group));
    }
    for (const id of this.rows.keys()) if (!visible.has(id)) this.rows.delete(id);
    for (const id of this.chosen) if (!visible.has(id)) this.chosen.delete(id);
    if (!groups.some((group) => group.tasks.length && group.name !== DONE) && this.filters.column !== DONE)
      sections.unshift(h("p", { class: "empty" }, w(this.filterCount() || this.filters.column ? "filter.nothing" : "filter.empty")));
    arrange(this.lists, sections);
    this.drawBulk();
  }

  drawGroup(group) {
    let kept = this.sections.get(group.name);
    if (!kept) {
      const id = `group-${group.name}`;
      const title = h("h2", { id }), list = h("ul", { class: "rows" });
      const all = h("input", { type: "checkbox", onclick: (event) => this.chooseAll(group.name, event.target.checked) });
      const more = h("button", { type: "button", class: "more", onclick: () => this.showMore(group.name) });
      const element = h("section", { class: `group ${group.name}`, "aria-labelledby": id, data: { column: group.name } },
        h("div", { class: "grouphead" }, h("label", { class: "choose" }, all, h("span", { class: "unseen" }, w("choose.all"))), title), list, more);
      kept = { element, title, list, all, more };
      this.sections.set(group.name, kept);
    }
    const marked = group.name === "overdue" || group.name === URGENT ? "⚠ " : "";
    kept.title.replaceChildren(marked && h("span", { "aria-hidden": "true" }, marked), `${group.title} (${group.number})`);
    kept.all.parentElement.hidden = group.name === DONE;
    kept.all.setAttribute("aria-label", `${w("choose.all")}${w("sep")}${group.title}`);
    kept.all.checked = this.allChosen(group);
    kept.more.hidden = !group.left || !group.next;
    kept.more.textContent = w("more", { n: group.left });
    arrange(kept.list, group.tasks.map((task) => this.row(task, group.name !== DONE)));
    return kept.element;
  }

  row(task, open) {
    const claimable = this.claimable.has(task.id);
    const key = [open, task.version, task.overdue, isLate(task), claimable, namesEpoch(), task.status].join("|");
    const kept = this.rows.get(task.id);
    if (kept?.key === key) return kept.element;
    const focus = kept?.element.contains(document.activeElement) ? document.activeElement.className : null;
    const choose = open ? (id, on, event) => this.choose(id, on, event) : "";
    const element = rowOf(task, { choose, chosen: this.chosen.has(task.id), claimable });
    if (this.changed.delete(task.id)) element.classList.add("changed");
    if (kept?.element.isConnected) kept.element.replaceWith(element);
    if (focus !== null) (element.querySelector(focus ? `.${focus.split(" ")[0]}` : "input") ?? element.querySelector(".open")).focus();
    this.rows.set(task.id, { key, element, task });
    return element;
  }

  /** Times move on: the cells, and those that have just become late. */
  tick() {
    let late = false;
    for (const { element, task } of this.rows.values()) {
      dueCell(task, element.querySelector(".due"));
      const now = isLate(task);
      late ||= now && !task.overdue;
      element.classList.toggle("overdue", now);
    }
    if (late) app.reload();
  }

  showMore(name) {
    this.more.set(name, (this.more.get(name) ?? 0) + 200);
    app.reload();
  }

  // Filters

  filterCount() {
    const { area, grid, category: code, urgency, overdue, mine, text } = this.filters;
    return [area, grid, code, urgency, overdue, mine, text].filter(Boolean).length;
  }

  drawFilters() {
    const only = this.filters.column ?? "", danger = this.openTasks().filter(isUrgent).length;
    const chip = (name, title, number, alarming) => h("button", {
      type: "button", class: alarming && number ? "chip alarm" : "chip", "aria-pressed": String(only === name), data: { chip: name },
      onclick: () => this.set({ column: only === name ? "" : name }, false),
    }, title, " ", h("b", {}, String(number)));
    const all = this.columns.reduce((sum, column) => sum + (column.column === DONE ? 0 : column.number), 0);
    const focus = document.activeElement?.dataset.chip;
    this.chips.replaceChildren(chip("", w("filter.all"), all, false),
      ...(danger ? [chip(URGENT, w("urgency.danger"), danger, true)] : []),
      ...ORDER.map((name) => this.columns.find((column) => column.column === name)).filter(Boolean)
        .filter((column) => column.number || only === column.column)
        .map((column) => chip(column.column, said(column.name), column.number, column.column === "overdue")));
    if (focus !== undefined) this.chips.querySelector(`[data-chip="${focus}"]`)?.focus();

    const areas = [...this.seen.area].sort().map(([code, depth]) => [code, "　".repeat(depth) + nameOf("area", code)]);
    const grids = [...this.seen.grid].sort().map((id) => [id, nameOf("grid_team", id)]);
    const codes = [...this.seen.category].map((code) => [code, category(code)]).sort((a, b) => a[1].localeCompare(b[1], "zh"));
    const urgencies = Object.keys(RANK).map((name) => [name, w(`urgency.${name}`)]);
    const manager = isManager() || app.desk.role === "unit_operator";
    const wanted = [
      manager && this.select("area", areas), grids.length > 1 && this.select("grid", grids),
      this.select("category", codes), this.select("urgency", urgencies),
      this.box("overdue"), ownHolders().length > 0 && this.box("mine"),
      this.filterCount() > 0 && h("button", { type: "button", onclick: () => this.clear() }, w("filter.clear")),
    ].filter(Boolean);
    const key = JSON.stringify([areas, grids, codes, this.filters, wanted.length]);
    this.count.textContent = this.filterCount() ? w("filter.on", { n: this.filterCount() }) : "";
    if (key === this.filterKey && this.selects.childElementCount) return; // an open list stays open
    this.filterKey = key;
    const at = document.activeElement?.name;
    this.selects.replaceChildren(...wanted);
    if (at) this.selects.querySelector(`[name="${at}"]`)?.focus();
  }

  openTasks() {
    return this.columns.filter((column) => column.column !== DONE).flatMap((column) => column.items);
  }

  select(name, options) {
    const chosen = this.filters[name] ?? "";
    if (chosen && !options.some(([value]) => value === chosen)) options.push([chosen, chosen]);
    const control = h("select", { name, onchange: (event) => this.set({ [name]: event.target.value }) },
      h("option", { value: "" }, w("filter.all")), options.map(([value, title]) => h("option", { value }, title)));
    control.value = chosen;
    return h("label", {}, h("span", {}, w(`filter.${name}`)), control);
  }

  box(name) {
    return h("label", { class: "box" },
      h("input", { type: "checkbox", name, checked: this.filters[name], onchange: (event) => this.set({ [name]: event.target.checked }) }),
      h("span", {}, w(`filter.${name}`)));
  }

  clear() {
    this.filters = {};
    $("search").value = "";
    this.set({});
  }

  // Choosing

  ids(name = null) {
    return this.groups().filter((group) => group.name !== DONE && (!name || group.name === name)).flatMap((group) => group.tasks.map((task) => task.id));
  }

  choose(id, on, event) {
    let ids = [id];
    if (event.shiftKey && this.last) {
      const all = this.ids(), range = [all.indexOf(this.last), all.indexOf(id)].sort((a, b) => a - b);
      if (range[0] >= 0) ids = all.slice(range[0], range[1] + 1);
    }
    this.mark(ids, on);
    this.last = id;
  }

  chooseAll(name, on) {
    this.mark(this.ids(name), on);
  }

  mark(ids, on) {
    for (const id of ids) {
      this.chosen[on ? "add" : "delete"](id);
      const box = this.rows.get(id)?.element.querySelector(".choose input");
      if (box) box.checked = on;
    }
    for (const group of this.groups()) {
      const kept = this.sections.get(group.name);
      if (kept) kept.all.checked = this.allChosen(group);
    }
    this.drawBulk();
  }

  allChosen({ tasks }) {
    return tasks.length > 0 && tasks.every((task) => this.chosen.has(task.id));
  }

  drawBulk() {
    const bar = $("bulk"), number = this.chosen.size;
    bar.hidden = !number;
    document.body.classList.toggle("choosing", number > 0);
    const key = `${number}|${language()}`;
    if (!number || (bar.dataset.key === key && bar.childElementCount)) return;
    bar.dataset.key = key;
    const at = document.activeElement?.dataset.bulk;
    const commands = isManager() ? BULK_OF_MANAGERS : BULK;
    const button = (name) => h("button", {
      type: "button", class: name === "accept" ? "main" : "", data: { bulk: name }, onclick: () => this.act(name),
    }, w(`do.${name}`));
    bar.setAttribute("aria-label", w("chosen", { n: number }));
    bar.replaceChildren(
      h("strong", { role: "status" }, w("chosen", { n: number })),
      ...commands.slice(0, 3).map(button),
      h("details", { class: "menu" }, h("summary", {}, w("bulk.more")), h("div", {}, commands.slice(3).map(button))),
      h("button", { type: "button", class: "quiet", onclick: () => this.mark([...this.chosen], false) }, w("chosen.none")));
    if (at) bar.querySelector(`[data-bulk="${at}"]`)?.focus();
  }

  act(command) {
    $("bulk").querySelector("details").open = false;
    const tasks = this.groups().flatMap((group) => group.tasks).filter((task) => this.chosen.has(task.id));
    openMany(command, tasks, (done) => this.mark(done, false));
  }

  // Keys: arrows go from row to row, / goes to the search

  onKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest?.(".row");
    if (!step || !row || event.target.tagName === "SELECT") return;
    const rows = [...this.root.querySelectorAll(".row")], next = rows[rows.indexOf(row) + step];
    if (!next) return;
    event.preventDefault();
    const same = event.target.type === "checkbox" ? ".choose input" : ".open";
    next.querySelector(same).focus();
    next.scrollIntoView({ block: "nearest" });
  };
}

const isUrgent = (task) => task.urgency === "danger" && !task.pause;

function worst(a, b) {
  return RANK[a.urgency] - RANK[b.urgency] || String(a.deadline).localeCompare(String(b.deadline)) || a.id.localeCompare(b.id);
}
