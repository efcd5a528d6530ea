/** The main column: a conversation's messages without the replies, and its composer. */
import { Composer } from "./composer.js";
import { fill, h, icon } from "./dom.js";
import { Feed } from "./feed.js";
import { home, tabs } from "./home.js";
import { notice } from "./notice.js";
import { avatar } from "./people.js";
import { prompts } from "./prompts.js";
import { channelTitle } from "./store.js";
import { togglePanel } from "./panel.js";

export function mountConversation(root, page) {
  const { store, actions } = page;
  const feed = new Feed(page, "Messages");
  const composer = new Composer(page, () => {
    feed.follower.toEnd();
    if (!store.place.thread) composer.focus();
  });
  const messages = h("div", { class: "messages", id: "panel-messages" }, feed.node, prompts(page), composer.node);
  const title = h("h2", { class: "pane-title" });
  const about = h("span", { class: "pane-about" });
  const back = h(
    "button",
    {
      type: "button",
      class: "icon-button back",
      "aria-label": "Back to conversations",
      onclick: () => actions.show("sidebar"),
    },
    icon("back"),
  );
  const data = h(
    "button",
    {
      type: "button",
      class: "icon-button phone-only",
      "aria-label": "Show data",
      onclick: () => togglePanel(store, actions),
    },
    icon("table"),
  );
  fill(
    root,
    h("header", { class: "pane-header" }, back, h("div", { class: "pane-heading" }, title, about), tabs(page), data),
    notice(page),
    home(page),
    messages,
  );

  let greeted = "";
  store.subscribe(() => {
    const { channel } = store;
    if (!channel) return;
    if (channel.kind === "dm" && greeted !== channel.id) actions.greet();
    greeted = channel.id;
    const name = channelTitle(channel, store);
    const shown = channel.kind === "dm" ? name : `#${name}`;
    root.dataset.channel = channel.id;
    messages.hidden = store.atHome;
    const panel = channel.kind === "dm" ? { role: "tabpanel", "aria-label": "Messages" } : {};
    for (const name of ["role", "aria-label"]) {
      if (panel[name]) messages.setAttribute(name, panel[name]);
      else messages.removeAttribute(name);
    }
    title.textContent = shown;
    about.textContent = ABOUT[channel.kind];
    data.hidden = store.tables.length === 0;
    composer.aim(channel, null, `Message ${shown}`);
    drawIntro(feed.intro, channel, shown, store);
    feed.update(`${store.me.id} ${channel.id}`, store.roots(channel.id), false);
  });
}

const ABOUT = { channel: "Channel", private: "Private channel", dm: "" }; // the tabs say that it is an app

function drawIntro(node, channel, shown, store) {
  const key = `${channel.id} ${shown}`;
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  const bot = store.users.get(store.bot.id) ?? { ...store.bot, is_bot: true };
  const direct = channel.kind === "dm";
  const hint = direct
    ? `Write to ${shown} here. Each message starts a thread of its own; the answer comes there.`
    : `Mention @${bot.name} to ask it something; the answer comes in a thread.`;
  fill(
    node,
    direct ? avatar(bot, "large") : h("span", { class: "intro-glyph", "aria-hidden": "true" }, "#"),
    h("h2", {}, direct ? shown : `This is the start of ${shown}`),
    h("p", {}, hint),
  );
}
