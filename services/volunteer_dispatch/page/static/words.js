// Words in two languages under one key, names from the registry, times as people say them.

import { call } from "/page/api.js";

let table = {};
let chosen = localStorage.getItem("language");
if (chosen !== "zh" && chosen !== "en") {
  const first = navigator.languages.find((one) => /^(zh|en)\b/i.test(one)) ?? "zh";
  chosen = first.toLowerCase().startsWith("en") ? "en" : "zh";
}

export const language = () => chosen;
const locale = () => (chosen === "en" ? "en-GB" : "zh-CN");

export async function loadWords() {
  table = await (await fetch("/page/words.json")).json();
}

export function switchLanguage() {
  chosen = chosen === "en" ? "zh" : "en";
  localStorage.setItem("language", chosen);
}

/** The words behind `key`; a key that has none is shown as its last part. */
export function w(key, values = {}) {
  const pair = table[key];
  if (!pair) return key.slice(key.indexOf(".") + 1);
  return pair[chosen === "en" ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "…");
}
export const hasWord = (key) => Object.hasOwn(table, key);

/** Of an object with `zh` and `en`. */
export const said = (pair) => (pair ? pair[chosen] : "");

/** What the service says is possible in place of what it refused, in words; empty where it says nothing. */
export function possible(allowed) {
  const words = (allowed ?? []).filter((name) => hasWord(`do.${name}`)).map((name) => w(`do.${name}`));
  return words.length ? w("possible", { commands: words.join(w("list")) }) : "";
}

/** Put words into what stands in the page itself. */
export function speak() {
  document.documentElement.lang = chosen === "en" ? "en" : "zh-CN";
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = w(one.dataset.word);
  document.title = w("title");
}

// Names

const names = new Map();
const asked = new Set();
let waiting = new Set();
let epoch = 0;
let words = new Map();

/** Moves when names came, so that rows are made anew. */
export const namesEpoch = () => epoch;

export function setCategories(list) {
  words = new Map(list.map((one) => [one.code, one]));
}

export function category(code) {
  const known = words.get(code) ?? words.get(code.split(".")[0]);
  return known ? said(known) : code;
}

/** The name of an area, unit or grid; its id until the name has come. */
export function nameOf(kind, id) {
  if (kind === "volunteer") return id;
  const key = `${kind}:${id}`;
  if (names.has(key)) return names.get(key);
  if (!asked.has(key)) waiting.add(key);
  return id;
}

export const who = (one) => (one ? `${w(`kind.${one.kind}`)} ${nameOf(one.kind, one.id)}` : "");

export function whoKey(key) {
  const at = key.indexOf(":");
  return who({ kind: key.slice(0, at), id: key.slice(at + 1) });
}

/** Ask for the names that were missed; whether any came. */
export async function fetchNames() {
  const keys = [...waiting];
  waiting = new Set();
  let came = false;
  for (let at = 0; at < keys.length; at += 80) {
    const some = keys.slice(at, at + 80);
    some.forEach((key) => asked.add(key));
    try {
      const found = await call(`names?${new URLSearchParams(some.map((key) => ["key", key]))}`);
      for (const [key, name] of Object.entries(found.names)) names.set(key, name);
      came ||= Object.keys(found.names).length > 0;
    } catch {
      some.forEach((key) => asked.delete(key)); // ids are shown meanwhile
      break;
    }
  }
  if (came) epoch++;
  return came;
}

// Times

const DAY = 86400000;

function dayNumber(at) {
  return Math.floor((at.getTime() - at.getTimezoneOffset() * 60000) / DAY);
}

/** `今天 14:30`, `11月28日 周五 14:30`, and the year where it is another one. */
export function moment(text) {
  if (!text) return "—";
  const at = new Date(text), now = new Date();
  const time = clock(at);
  const key = { "-1": "time.yesterday", 0: "time.today", 1: "time.tomorrow" }[dayNumber(at) - dayNumber(now)];
  if (key) return w(key, { time });
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const day = at.toLocaleDateString(locale(), { year, month: chosen === "en" ? "short" : "long", day: "numeric", weekday: "short" });
  return `${day} ${time}`;
}

export const clock = (at) => at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", hour12: false });

/** A length of time in its largest unit: `3 天`, `5 小时`, `12 分钟`. */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / 60000));
  if (minutes < 60) return w("time.minutes", { n: minutes });
  const hours = Math.round(minutes / 60);
  return hours < 48 ? w("time.hours", { n: hours }) : w("time.days", { n: Math.round(hours / 24) });
}

/** The end of an id, as people read it out. */
export const short = (id) => (id.length > 12 ? `…${id.slice(-6)}` : id);
