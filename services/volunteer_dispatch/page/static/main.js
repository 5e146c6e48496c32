// The page begins here: the token, who the caller is, which list is in front, and the stream of changes.

import { app, tell } from "/page/app.js";
import { call, forgetToken, keepToken, token, whenUnauthorized } from "/page/api.js";
import { Board } from "/page/board.js";
import { $, h } from "/page/dom.js";
import { Mine } from "/page/mine.js";
import { follow } from "/page/stream.js";
import { closeTask, openTask, prepareTask, taskInAddress } from "/page/task.js";
import { clock, fetchNames, loadWords, nameOf, setCategories, speak, switchLanguage, w } from "/page/words.js";

const LEAST = 1000; // milliseconds between two loads, however many changes come
const POLL = 10000; // while there is no stream
let view = null, stop = () => {}, asOf = null, streaming = "connecting", failed = false;
let loading = false, again = false, timer = 0, timerAt = 0, loadedAt = 0, changed = new Set();

// Loading: one at a time, and soon again where something happened meanwhile

async function reload() {
  clearTimeout(timer);
  timer = 0;
  if (!view) return;
  if (loading) {
    again = true;
    return;
  }
  loading = true;
  const mine = view;
  try {
    await mine.load();
    if (view !== mine) return;
    asOf = new Date();
    loadedAt = Date.now();
    failed = false;
    $("main").setAttribute("aria-busy", "false");
    announce();
  } catch (error) {
    failed = error.status === 0 || error.status >= 500;
    if (!failed && error.status !== 401) tell(error.message);
    if (error.status === undefined) console.error(error);
  } finally {
    loading = false;
    showState();
    if (again) setTimeout(reload, 0); // somebody here waits for it
    else if (view && failed) later(3000);
    else if (view && streaming === "lost") later(POLL);
    again = false;
  }
}

/** Load soon: after `least` milliseconds, or earlier where that was wanted before. */
function later(least = 300) {
  const at = Math.max(Date.now() + least, loadedAt + LEAST);
  if (timer && timerAt <= at) return;
  clearTimeout(timer);
  timerAt = at;
  timer = setTimeout(reload, at - Date.now());
}

function announce() {
  if (changed.size) $("news").textContent = w("live.changed", { n: changed.size });
  changed = new Set();
}

function onChange(change) {
  if (change.task_id) changed.add(change.task_id);
  later();
}

function onState(next, wasLost) {
  streaming = next;
  if (next === "live" && wasLost) {
    $("news").textContent = w("live.again");
    reload();
  } else if (next === "lost") later(POLL);
  showState();
}

function showState() {
  const live = $("live"), lost = $("lost"), bad = failed || streaming === "lost";
  const state = bad ? "lost" : streaming;
  const key = { live: "live.on", connecting: "live.connecting", lost: "live.off" }[state];
  live.textContent = view ? w(key) : "";
  live.className = state;
  const words = bad && view ? w("live.lost", { time: asOf ? clock(asOf) : "—" }) : "";
  if (lost.textContent !== words) lost.textContent = words;
  lost.hidden = !words;
}

// Who is there

function askToken(message = "") {
  stop();
  view?.end();
  view = null;
  app.desk = null;
  forgetToken();
  closeTask();
  if ($("many").open) $("many").close();
  $("main").replaceChildren();
  $("who").textContent = "";
  $("tabs").hidden = $("leave").hidden = true;
  $("token-error").textContent = message;
  showState();
  if (!$("token").open) $("token").showModal();
}

async function begin() {
  $("main").replaceChildren(h("p", { class: "empty" }, w("loading")));
  try {
    app.desk = await call("desk");
  } catch (error) {
    if (error.status === 401) return;
    if (error.status === 403) return askToken(error.message);
    tell(error.message);
    setTimeout(() => token() && !app.desk && begin(), 5000);
    return;
  }
  tell("");
  setCategories(app.desk.categories);
  $("leave").hidden = false;
  show(location.pathname === "/my-tasks" ? "mine" : "board");
  stop();
  streaming = "connecting";
  failed = false;
  stop = follow(onChange, onState);
  await reload();
  const id = taskInAddress();
  if (id) openTask(id);
}

const MAY = { volunteer: ["mine"], unit_operator: ["board", "mine"] };

function show(name) {
  const may = MAY[app.desk.role] ?? ["board"];
  const front = may.includes(name) ? name : may[0];
  view?.end();
  $("main").setAttribute("aria-busy", "true");
  view = front === "mine" ? new Mine($("main")) : new Board($("main"));
  $("tabs").hidden = may.length < 2;
  $("tabs").replaceChildren(...may.map((one) => h("a", {
    href: one === "mine" ? "/my-tasks" : "/board", "aria-current": one === front ? "page" : null,
    onclick: (event) => {
      event.preventDefault();
      history.replaceState(null, "", event.currentTarget.getAttribute("href"));
      show(one);
      reload();
    },
  }, w(`tab.${one}`))));
  sayWho();
}

async function sayWho() {
  const me = app.desk;
  const places = () => [
    ...me.grids.map((id) => nameOf("grid_team", id)), ...me.areas.map((id) => nameOf("area", id)),
    ...(me.unit_id ? [nameOf("unit", me.unit_id)] : []), ...(me.volunteer_id ? [me.volunteer_id] : []),
  ].slice(0, 3).join(w("list"));
  const draw = () => {
    $("who").textContent = [w(`role.${me.role}`), places()].filter(Boolean).join(" · ");
  };
  draw();
  if (await fetchNames()) draw();
}

function takeTokenFromAddress() {
  if (!/[#&]token=/.test(location.hash)) return false;
  const kept = keepToken(location.hash);
  history.replaceState(null, "", location.pathname); // it must stay in no history
  return kept;
}

$("token").addEventListener("cancel", (event) => event.preventDefault());
$("token").querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!keepToken($("token-value").value)) {
    $("token-error").textContent = w("token.unreadable");
    return;
  }
  $("token-value").value = "";
  $("token").close();
  begin();
});
for (const button of document.querySelectorAll(".language"))
  button.addEventListener("click", () => {
    switchLanguage();
    speak();
    closeTask();
    tell("");
    $("token-error").textContent = "";
    if (app.desk) show(view instanceof Mine ? "mine" : "board");
    showState();
    reload();
  });
$("leave").addEventListener("click", () => {
  sessionStorage.removeItem("filters");
  askToken();
});
window.addEventListener("hashchange", () => {
  if (takeTokenFromAddress()) {
    if ($("token").open) $("token").close();
    begin();
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && view) view.tick();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const search = $("search");
  if (search && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    search.focus();
  }
});
setInterval(() => view?.tick(), 30000);

app.reload = reload;
whenUnauthorized(askToken);
const given = takeTokenFromAddress();
await loadWords();
speak();
prepareTask();
if (given || token()) begin();
else askToken();
