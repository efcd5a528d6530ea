"""What a page in a browser is looked at for: all of axe's rules; and contrast, what no key reaches, and names that
differ from what is shown (WCAG 1.4.3, 2.1.1 and 2.5.3), which axe leaves open where it is not sure.
"""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page as Tab

CONTRAST = """
() => {
  const parse = (text) => {
    const numbers = text.match(/[\\d.]+/g).map(Number);
    if (text.startsWith("color(srgb")) return [numbers[0] * 255, numbers[1] * 255, numbers[2] * 255, numbers[3] ?? 1];
    return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = (colour) => {
    const [r, g, b] = colour.map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      layers.unshift(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const poor = [];
  const shown = document.querySelector("dialog[open]") ?? document.body;
  const walker = document.createTreeWalker(shown, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest(".only-read-out, :disabled, option, noscript, script, [aria-hidden=true]")) continue;
    let seen = 1;
    for (let node = element; node; node = node.parentElement) seen *= Number(getComputedStyle(node).opacity);
    if (seen === 0) continue;
    const style = getComputedStyle(element);
    const under = behind(element);
    const colour = parse(style.color);
    const text = over([...colour.slice(0, 3), colour[3] * seen], under);
    const [low, high] = [light(text), light(under)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${walker.currentNode.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""

UNREACHABLE = """
() => [...document.querySelectorAll("*")].filter((node) => {
  const style = getComputedStyle(node);
  const scrolls = (which, size, inner) => /auto|scroll/.test(style[which]) && node[size] > node[inner] + 1;
  if (!node.checkVisibility() || !(scrolls("overflowX", "scrollWidth", "clientWidth")
    || scrolls("overflowY", "scrollHeight", "clientHeight"))) return false;
  const stops = "button:not(:disabled), a[href], input, select, textarea, [tabindex='0']";
  return node.tabIndex < 0 && ![...node.querySelectorAll(stops)].some((each) => each.checkVisibility());
}).map((node) => node.outerHTML.slice(0, 120))
"""

MISNAMED = """
() => [...document.querySelectorAll("button, a, [role=button]")].filter((node) => {
  const name = node.getAttribute("aria-label");
  if (!name || !node.checkVisibility()) return false;
  const words = (text) => text.toLowerCase().match(/[\\p{L}\\p{N}]+/gu) ?? [];
  const shown = [...node.querySelectorAll("*")].concat(node)
    .filter((each) => !each.closest("[aria-hidden=true], .only-read-out, svg"))
    .flatMap((each) => [...each.childNodes].filter((child) => child.nodeType === 3))
    .map((child) => child.data).join(" ");
  return !` ${words(name).join(" ")} `.includes(` ${words(shown).join(" ")} `) && words(shown).length > 0;
}).map((node) => node.outerHTML.slice(0, 120))
"""


async def looked_at(tab: Tab) -> list[str]:
    """What is hard to read, to reach or to name in what the page shows now."""
    await tab.mouse.move(0, 0)
    found = {what: await tab.evaluate(look) for what, look in LOOKS.items()}
    violations = (await Axe().run(tab)).response["violations"]
    found |= {f"axe, {rule['id']}": [node["html"][:160] for node in rule["nodes"]] for rule in violations}
    return [f"{what}: {each}" for what, each_of in found.items() for each in each_of]


LOOKS = {"contrast": CONTRAST, "cannot be reached": UNREACHABLE, "is named otherwise": MISNAMED}
