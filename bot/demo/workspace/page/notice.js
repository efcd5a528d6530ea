/** One line over the conversation: the stream is lost, the bot is away, or the last call failed. */
import { h } from "./dom.js";

function sentence(store) {
  if (!store.streamConnected) return ["warning", "Reconnecting to the workspace…"];
  if (store.problem) return ["error", store.problem];
  if (!store.botConnected) return ["warning", "The bot is not connected. What you send now, it gets when it is back."];
  return ["", ""];
}

export function notice({ store }) {
  const text = h("span", {});
  const dismiss = h("button", { type: "button", class: "notice-close", onclick: () => clear(store) }, "Dismiss");
  const node = h("div", { class: "notice", role: "status", "data-testid": "banner", hidden: true }, text, dismiss);
  store.subscribe(() => {
    const [kind, words] = sentence(store);
    node.hidden = !words;
    node.dataset.kind = kind;
    if (text.textContent !== words) text.textContent = words;
    dismiss.hidden = kind !== "error";
  });
  return node;
}

function clear(store) {
  store.problem = "";
  store.changed();
}
