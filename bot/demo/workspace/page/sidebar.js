/** The conversations a person sees, with a dot where something is new. */
import { fill, h, icon } from "./dom.js";
import { focusComposer } from "./focus.js";
import { avatar } from "./people.js";
import { unread } from "./reads.js";
import { channelTitle } from "./store.js";

export function mountSidebar(root, { store, actions }) {
  let shown = "";
  store.subscribe(() => {
    const entries = [...store.channels.values()].map((channel) => ({
      channel,
      title: channelTitle(channel, store),
      here: channel.id === store.place.channel,
      news: unread(store, channel.id),
      waiting: store.waitingIn.get(channel.id) ?? 0,
    }));
    const signature = JSON.stringify([entries, store.botConnected, store.me.id]);
    if (signature === shown) return;
    shown = signature;
    fill(
      root,
      group(
        "Channels",
        entries.filter(({ channel }) => channel.kind !== "dm"),
        store,
        actions,
      ),
      group(
        "Direct messages",
        entries.filter(({ channel }) => channel.kind === "dm"),
        store,
        actions,
      ),
    );
  });
}

function group(title, entries, store, actions) {
  if (!entries.length) return null;
  const id = `group-${title.split(" ")[0].toLowerCase()}`;
  return h(
    "section",
    { class: "sidebar-group", "aria-labelledby": id },
    h("h2", { id, class: "sidebar-title" }, title),
    h(
      "ul",
      {},
      entries.map((entry) => h("li", {}, link(entry, store, actions))),
    ),
  );
}

function link({ channel, title, here, news, waiting }, store, actions) {
  const unseen = news && !here ? `${news} new` : "";
  const told = [title, waiting ? `${waiting} waiting for you` : "", unseen].filter(Boolean).join(", ");
  return h(
    "button",
    {
      type: "button",
      class: `sidebar-link ${here ? "here" : ""} ${unseen ? "news" : ""}`,
      "aria-current": here ? "page" : null,
      "aria-label": told === title ? null : channel.kind === "dm" ? told.replace(title, `${title} APP`) : told,
      dataset: { channel: channel.id, focus: channel.id },
      onclick: () => {
        actions.openChannel(channel.id);
        queueMicrotask(focusComposer); // once it is drawn
      },
    },
    glyph(channel, store),
    h("span", { class: "sidebar-name" }, title),
    channel.kind === "dm" ? h("span", { class: "badge" }, "APP") : null,
    waiting ? h("span", { class: "seat-count", title: `${waiting} waiting for you` }, String(waiting)) : null,
    unseen && !waiting ? h("span", { class: "dot" }) : null,
  );
}

function glyph(channel, store) {
  if (channel.kind === "dm") {
    const presence = h("span", { class: `presence ${store.botConnected ? "on" : ""}` });
    return h(
      "span",
      { class: "sidebar-glyph" },
      avatar(store.users.get(store.bot.id) ?? { ...store.bot, is_bot: true }, "tiny"),
      presence,
    );
  }
  return h("span", { class: "sidebar-glyph", "aria-hidden": "true" }, channel.kind === "private" ? icon("lock") : "#");
}
