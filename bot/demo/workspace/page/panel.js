/** Live data beside the chat: the tables the workspace was given, as they are. A cell that changes lights up. */
import { clipped, scrollable } from "./clip.js";
import { fill, h, icon } from "./dom.js";

const KEY = "signoff.panel";
const WIDE = "(min-width: 1180px)";
const FLASH_MS = 2600;
const LONG_WORD = /\S{12}/;

/** On a wide screen the panel is open until it is closed; on a narrow one it is a column of its own. */
export function isPanelOpen(store) {
  if (!store.tables.length) return false;
  if (!matchMedia("(min-width: 760px)").matches) return store.column === "panel";
  const chosen = localStorage.getItem(KEY);
  return chosen === null ? matchMedia(WIDE).matches : chosen === "open";
}

export function togglePanel(store, actions) {
  const open = isPanelOpen(store);
  if (matchMedia("(min-width: 760px)").matches) localStorage.setItem(KEY, open ? "closed" : "open");
  else if (!open) return actions.show("panel");
  return actions.show(store.place.thread ? "thread" : "conversation");
}

export function mountPanel(root, { store, actions }) {
  const body = h("div", { class: "panel-body", tabindex: "0", role: "region", "aria-label": "Tables" });
  const close = () => togglePanel(store, actions);
  fill(
    root,
    h(
      "header",
      { class: "pane-header" },
      h(
        "button",
        { type: "button", class: "icon-button back", "aria-label": "Back to the conversation", onclick: close },
        icon("back"),
      ),
      h("div", { class: "pane-heading" }, h("h2", { class: "pane-title" }, "Live data")),
      h(
        "button",
        { type: "button", class: "icon-button close-panel", "aria-label": "Close data", onclick: close },
        icon("close"),
      ),
    ),
    body,
  );
  let shown = null;
  let drawn = "";
  const update = () => {
    root.hidden = !isPanelOpen(store);
    document.getElementById("app").classList.toggle("has-panel", !root.hidden);
    const signature = JSON.stringify(store.tables);
    if (signature === drawn) return;
    drawn = signature;
    const before = shown;
    shown = store.tables;
    const scrolled = [...body.querySelectorAll(".table-frame")].map((frame) => frame.scrollLeft);
    fill(
      body,
      store.tables.map((table) =>
        tableNode(
          table,
          before?.find((old) => old.name === table.name),
          Boolean(before?.length),
        ),
      ),
    );
    body.querySelectorAll(".table-frame").forEach((frame, index) => (frame.scrollLeft = scrolled[index] ?? 0));
  };
  store.subscribe(update);
  matchMedia(WIDE).addEventListener("change", update);
  matchMedia("(min-width: 760px)").addEventListener("change", update);
}

const words = (name) => name.replaceAll("_", " ");

const lit = new Map(); // "table row column" -> until when that cell is lit, so that a redraw does not put it out

/** @param {Object|undefined} before the same table as it was */
function tableNode(table, before, flashes) {
  const old = new Map((before?.rows ?? []).map((row, index) => [before.keys[index], row]));
  const cell = (value, was, isNew, key) => {
    if (flashes && (isNew || String(value) !== String(was))) lit.set(key, Date.now() + FLASH_MS);
    const left = (lit.get(key) ?? 0) - Date.now();
    const changed = left > 0;
    const numeric = typeof value === "number";
    const text = value === null ? "–" : String(value);
    const node = h(
      "td",
      { class: `${numeric ? "numeric" : ""} ${changed ? "flash" : ""}` },
      h("div", { class: `cell ${LONG_WORD.test(text) ? "cell-long" : ""}` }, clipped(text, key)),
    );
    if (changed) setTimeout(() => node.classList.remove("flash"), left);
    return node;
  };
  const row = (values, number) => {
    const key = table.keys[number];
    const was = old.get(key);
    return h(
      "tr",
      {},
      values.map((value, index) => cell(value, was?.[index], !was, `${table.name} ${key} ${index}`)),
    );
  };
  const shown = table.rows.length;
  const count = shown < table.count ? `first ${shown} of ${table.count} rows` : shown === 1 ? "1 row" : `${shown} rows`;
  return h(
    "section",
    { class: "data", "aria-label": words(table.name), dataset: { table: table.name } },
    h("h3", {}, words(table.name), h("span", { class: "data-count" }, count)),
    scrollable(
      h(
        "div",
        { class: "table-frame" },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              table.columns.map((column) => h("th", { scope: "col" }, words(column))),
            ),
          ),
          h(
            "tbody",
            {},
            table.rows.length
              ? table.rows.map(row)
              : h("tr", {}, h("td", { class: "none", colspan: table.columns.length }, "Nothing here yet")),
          ),
        ),
      ),
      `${words(table.name)}: all columns`,
    ),
  );
}
