/** The app's Home tab, as it was published to this person, and the tabs of its direct message. */
import { renderBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { clickKey } from "./store.js";

const TABS = [
  ["home", "Home"],
  ["messages", "Messages"],
];

/** The two tabs: arrows go from one to the other. */
export function tabs({ store, actions }) {
  const buttons = TABS.map(([name, label]) =>
    h("button", { type: "button", class: "tab", role: "tab", dataset: { focus: `tab ${name}`, tab: name } }, label),
  );
  const open = (button) => {
    actions.openTab(button.dataset.tab);
    button.focus();
  };
  buttons.forEach((button) => button.addEventListener("click", () => open(button)));
  const node = h("div", { class: "tabs", role: "tablist", "aria-label": "What of the app to show" }, buttons);
  node.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") open(buttons.find((each) => each.tabIndex < 0));
  });
  store.subscribe(() => {
    node.hidden = store.channel?.kind !== "dm";
    for (const button of buttons) {
      const here = button.dataset.tab === store.tab;
      button.setAttribute("aria-selected", String(here));
      button.setAttribute("aria-controls", here ? `panel-${button.dataset.tab}` : "");
      if (!here) button.removeAttribute("aria-controls");
      button.tabIndex = here ? 0 : -1;
    }
  });
  return node;
}

export function home({ store, actions }) {
  const attributes = { class: "home", id: "panel-home", role: "tabpanel", "aria-label": "Home", tabindex: "0" };
  const node = h("div", { ...attributes, "data-testid": "home" });
  let shown = "";
  store.subscribe(() => {
    node.hidden = !store.atHome;
    const clicks = [...store.clicks].filter(([key]) => key.startsWith("view "));
    const signature = JSON.stringify([store.home, clicks, store.me?.id]);
    if (node.hidden || signature === shown) return;
    shown = signature;
    if (store.home) fill(node, h("div", { class: "blocks home-blocks", dataset: { item: "home" } }, draw(store, actions)));
    else fill(node, h("p", { class: "home-empty" }, "The app has not published a Home for you yet."));
  });
  return node;
}

function draw(store, actions) {
  const view = store.home;
  const place = { channel: "view", ts: view.id };
  return renderBlocks(view.blocks, {
    names: store.names,
    click: (block, element, answer) => actions.click(place, block, element, answer),
    state: (block, element) => store.clicks.get(clickKey(place, block, element.action_id)),
    suggest: (block, element, typed) => actions.suggest({ view_id: view.id }, block, element, typed),
    open: (url) => actions.openLink(url),
  });
}
