/**
 * What can be said to begin with, over the composer, until the person wrote there: what the app suggests in its direct
 * message, and what a channel was set up with. A click sends it.
 */
import { fill, h } from "./dom.js";

export function prompts({ store, actions }) {
  const node = h("div", { class: "prompts", role: "group", hidden: true });
  let shown = "";
  store.subscribe(() => {
    const { channel } = store.place;
    const begun = store.roots(channel).some((message) => message.user === store.me.id);
    const suggested = begun ? null : (store.prompts.get(channel) ?? ofChannel(store));
    const signature = JSON.stringify(suggested ?? null);
    if (signature === shown) return;
    shown = signature;
    const offered = suggested?.prompts ?? [];
    node.hidden = offered.length === 0;
    node.setAttribute("aria-label", suggested?.title || "Suggestions");
    fill(
      node,
      offered.map((prompt) =>
        h(
          "button",
          { type: "button", class: "prompt", title: prompt.message, onclick: () => actions.send(prompt.message, null) },
          prompt.title,
        ),
      ),
    );
  });
  return node;
}

function ofChannel(store) {
  const prompts = (store.channel?.prompts ?? []).map((title) => ({ title, message: `@${store.bot.name} ${title}` }));
  return prompts.length ? { title: "Suggestions", prompts } : null;
}
