/** One message: who, when, its text or blocks, its thread's summary, and what one may do with it. */
import { renderBlocks } from "./blocks.js";
import { confirmed } from "./confirm.js";
import { h, icon } from "./dom.js";
import { editor } from "./editor.js";
import { emoji } from "./emoji.js";
import { files } from "./files.js";
import { markdown } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar, displayName } from "./people.js";
import { clickKey } from "./store.js";
import { summary } from "./summary.js";
import { clock, dateOf, full } from "./time.js";

/**
 * @param {Object} message
 * @param {{store, actions}} page
 * @param {{compact?: boolean, inThread?: boolean}} look compact: the author is the one above
 */
export function messageItem(message, page, look = {}) {
  const { store } = page;
  const editing = store.editing === editKey(message);
  const start = `${message.channel} ${message.ts} `;
  const clicks = [...store.clicks, ...store.picked].filter(([key]) => key.startsWith(start));
  const thread = look.inThread || message.ephemeral_to ? null : summary(message, page);
  const known = [store.me.id, [...store.users.keys()].length];
  return {
    key: message.ts,
    signature: JSON.stringify([message, look, clicks, thread?.signature, editing, known]),
    draw: () => draw(message, page, look, thread, editing),
  };
}

const editKey = (message) => `${message.channel}:${message.ts}`;

function draw(message, page, look, thread, editing) {
  const { store } = page;
  const user = store.users.get(message.user);
  const name = displayName(user);
  const classes = [
    "message",
    look.compact && "compact",
    message.ephemeral_to && "ephemeral",
    message.streaming && "streaming",
  ];
  return h(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      dataset: { ts: message.ts, user: message.user, ephemeral: message.ephemeral_to ? "true" : "false" },
      "aria-busy": message.streaming ? "true" : null,
      "aria-label": `${name}, ${clock(message.ts)}`,
      tabindex: "-1", // has the focus when its button that had it is gone
      onclick: touch,
    },
    h("div", { class: "gutter" }, look.compact ? timeOf(message) : avatar(user)),
    h(
      "div",
      { class: "message-main" },
      message.ephemeral_to ? onlyYou(message, page) : null,
      look.compact ? null : heading(user, name, message),
      editing ? editor(message, page) : h("div", { class: "message-body" }, body(message, page)),
      thread?.draw(),
    ),
    editing || message.ephemeral_to ? null : toolbar(message, page, look),
  );
}

function onlyYou(message, { actions }) {
  const onclick = () => actions.remove(message);
  const dismiss = { type: "button", class: "dismiss", dataset: { focus: "dismiss" }, onclick };
  return h("p", { class: "only-you" }, "Only visible to you · ", h("button", dismiss, "Dismiss message"));
}

function timeOf(message) {
  return h(
    "time",
    { class: "time", datetime: dateOf(message.ts).toISOString(), title: full(message.ts) },
    clock(message.ts),
  );
}

function heading(user, name, message) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, name),
    user?.is_bot ? h("span", { class: "badge" }, "APP") : null,
    timeOf(message),
  );
}

function body(message, page) {
  const { store, actions } = page;
  const surface = {
    names: store.names,
    click: (block, element, answer) => actions.click(message, block, element, answer),
    state: (block, element) => store.clicks.get(clickKey(message, block, element.action_id)),
    picked: (block, element) => store.picked.get(clickKey(message, block, element.action_id)),
    suggest: (block, element, typed) => {
      const place = { channel: message.channel, message_ts: message.ts };
      return actions.suggest(place, block, element, typed);
    },
    open: (url) => actions.openLink(url),
  };
  const edited = message.edited ? h("span", { class: "edited" }, " (edited)") : null;
  const after = [files(message), reactions(message)];
  if (message.blocks?.length)
    return [h("div", { class: "blocks" }, renderBlocks(message.blocks, surface), edited), after];
  const content = message.streaming ? markdown(message.text, store.names) : mrkdwn(message.text, store.names);
  const className = message.streaming ? "text markdown" : "text";
  return [h("div", { class: className }, content, edited), after];
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  const chip = ({ name, count }) => h("li", { class: "reaction", title: `:${name}:` }, `${emoji(name)} ${count}`);
  return h("ul", { class: "reactions", "aria-label": "Reactions" }, message.reactions.map(chip));
}

function toolbar(message, page, look) {
  const { store, actions } = page;
  const tool = (label, name, onclick) =>
    h(
      "button",
      { type: "button", class: "tool", title: label, "aria-label": label, dataset: { focus: name }, onclick },
      icon(name),
    );
  const mine = message.user === store.me.id;
  const edit = () => {
    store.editing = editKey(message);
    store.changed();
  };
  const remove = async () => {
    const dialog = {
      title: { text: "Delete message" },
      text: { text: "Delete this message? This cannot be undone." },
      confirm: { text: "Delete" },
      style: "danger",
    };
    if (await confirmed(dialog, store.names)) actions.remove(message);
  };
  const tools = [
    look.inThread
      ? null
      : tool("Open thread", "thread", () => actions.openThread(message.thread_ts ?? message.ts, message.channel)),
    mine ? tool("Edit message", "edit", edit) : null,
    mine ? tool("Delete message", "remove", remove) : null,
  ].filter(Boolean);
  return tools.length ? h("div", { class: "tools" }, tools) : null;
}

/** Without a pointer that hovers, a tap shows a message's tools. */
function touch(event) {
  const article = event.currentTarget;
  if (event.target.closest("button, a, input, select, textarea, label") || !matchMedia("(hover: none)").matches) return;
  const shown = article.classList.contains("touched");
  document.querySelectorAll(".touched").forEach((other) => other.classList.remove("touched"));
  article.classList.toggle("touched", !shown);
}
