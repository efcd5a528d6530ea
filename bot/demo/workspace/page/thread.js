/** The pane at the right: one thread, what the app is doing in it, and a composer that answers there. */
import { Composer } from "./composer.js";
import { fill, h, icon } from "./dom.js";
import { Feed } from "./feed.js";
import { doing, isWorking } from "./status.js";
import { channelTitle, statusKey } from "./store.js";

export function mountThread(root, page) {
  const { store, actions } = page;
  const feed = new Feed(page, "Thread messages");
  const composer = new Composer(page, () => {
    feed.follower.toEnd();
    composer.focus();
  });
  const where = h("span", { class: "pane-about" });
  const status = h("p", { class: "status", role: "status", "data-testid": "status" });
  const stop = h(
    "button",
    { type: "button", class: "stop", dataset: { focus: "stop" }, onclick: () => actions.stop(store.place.channel, store.place.thread) },
    "Stop",
  );
  const button = (label, name, className) =>
    h(
      "button",
      { type: "button", class: `icon-button ${className}`, "aria-label": label, onclick: () => actions.closeThread() },
      icon(name),
    );
  fill(
    root,
    h(
      "header",
      { class: "pane-header" },
      button("Back to the conversation", "back", "back"),
      h("div", { class: "pane-heading" }, h("h2", { class: "pane-title" }, "Thread"), where),
      button("Close thread", "close", "close-thread"),
    ),
    feed.node,
    h("div", { class: "status-line" }, status, stop),
    composer.node,
  );
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !store.editing) actions.closeThread();
  });

  let shown = null;
  store.subscribe(() => {
    const { channel } = store;
    const { thread } = store.place;
    root.hidden = !thread || !channel;
    document.getElementById("app").classList.toggle("has-thread", !root.hidden);
    if (root.hidden) {
      delete root.dataset.thread;
      shown = null;
      return;
    }
    root.dataset.thread = thread;
    const name = channelTitle(channel, store);
    const subject = store.sessions.get(statusKey(channel.id, thread))?.title;
    where.textContent = [channel.kind === "dm" ? name : `#${name}`, subject].filter(Boolean).join(" · ");
    composer.aim(channel, thread, "Reply in thread");
    const reached = feed.update(`${store.me.id} ${channel.id} ${thread}`, store.thread(channel.id, thread), true);
    const text = doing(store, channel.id, thread);
    if (status.textContent !== text) status.textContent = text;
    const working = isWorking(store, channel.id, thread);
    status.classList.toggle("on", Boolean(text));
    status.classList.toggle("working", working);
    stop.hidden = !working;
    if (shown !== thread && !reached && !matchMedia("(hover: none)").matches && !document.querySelector("dialog[open]"))
      composer.focus();
    shown = thread;
  });
}
