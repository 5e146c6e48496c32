// Elements made in code: texts are always texts, never markup.

/** An element; `props` are attributes, `on…` listeners, `class`, `data` (an object); children are nodes or texts. */
export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "checked" || name === "disabled" || name === "required" || name === "hidden") made[name] = Boolean(value);
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((one) => one !== null && one !== undefined && one !== false && one !== ""));
  return made;
}

export const $ = (id) => document.getElementById(id);

/** Put `wanted` into `parent` in their order, moving as little as possible: focus and place stay. */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const one of [...parent.children]) if (!keep.has(one)) one.remove();
  wanted.forEach((one, at) => {
    if (parent.children[at] !== one) parent.insertBefore(one, parent.children[at] ?? null);
  });
}
