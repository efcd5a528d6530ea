/** The bar across the top: the workspace, who the reader acts as, and the panel's button. */
import { fill, h, icon } from "./dom.js";
import { avatar, displayName } from "./people.js";
import { focusComposer } from "./focus.js";
import { isPanelOpen, togglePanel } from "./panel.js";
import { seats } from "./seats.js";

export function mountTopbar(root, { store, actions, session }) {
  const face = h("span", { class: "act-as-face" });
  const select = h("select", { "aria-label": "Act as", class: "act-as-select" });
  const role = h("span", { class: "act-as-role" });
  const name = h("h1", { class: "topbar-name" });
  const note = h("span", { class: "note", "data-testid": "note" });
  const panel = h(
    "button",
    { type: "button", class: "topbar-button", onclick: () => togglePanel(store, actions) },
    icon("table"),
    h("span", {}, "Data"),
  );
  const others = seats({ store }, (user) => {
    select.value = user;
    switchTo(select, store, session);
  });
  select.addEventListener("change", () => switchTo(select, store, session));
  fill(
    root,
    h("div", { class: "topbar-team" }, name, note),
    h(
      "div",
      { class: "act-as" },
      others,
      h("span", { class: "act-as-label", "aria-hidden": "true" }, "Act as"),
      face,
      select,
      role,
    ),
    panel,
  );

  let shown = "";
  store.subscribe(() => {
    name.textContent = store.team.name;
    note.textContent = store.note;
    note.hidden = !store.note;
    panel.hidden = store.tables.length === 0;
    panel.setAttribute("aria-pressed", String(isPanelOpen(store)));
    const people = [...store.users.values()].filter((user) => !user.is_bot);
    const waiting = store.waiting.get(store.me.id) ?? 0;
    const signature = JSON.stringify([people, store.me.id, waiting]);
    if (signature === shown) return;
    shown = signature;
    fill(
      select,
      people.map((user) => h("option", { value: user.id, selected: user.id === store.me.id }, displayName(user))),
    );
    select.value = store.me.id;
    fill(face, avatar(store.me, "small"), waiting ? mark(waiting) : null);
    role.textContent = store.me.title || (store.me.is_restricted ? "Guest" : "");
  });
}

/** How much waits for the reader, in whichever conversation. */
function mark(count) {
  const words = h("span", { class: "only-read-out" }, " waiting for you");
  return h("span", { class: "seat-count", title: `${count} waiting for you` }, String(count), words);
}

async function switchTo(select, store, session) {
  select.disabled = true;
  try {
    await session.actAs(select.value);
  } catch (error) {
    store.problem = error.message;
    select.value = store.me.id;
    store.changed();
  } finally {
    select.disabled = false;
    focusComposer();
  }
}
