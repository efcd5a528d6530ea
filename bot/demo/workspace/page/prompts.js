/** What the app suggests to ask, over the composer of its direct message, until the person wrote there. A click sends it. */
import { fill, h } from "./dom.js";

export function prompts({ store, actions }) {
  const node = h("div", { class: "prompts", role: "group", hidden: true });
  let shown = "";
  store.subscribe(() => {
    const { channel } = store.place;
    const begun = store.roots(channel).some((message) => message.user === store.me.id);
    const suggested = begun ? null : store.prompts.get(channel);
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
