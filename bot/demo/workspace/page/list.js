/** Keeps a list of keyed elements in step with data: only what changed is drawn anew, and scroll stays. */

const NEAR = 90; // this close to its end a list counts as read to the end, and follows new messages

export class KeyedList {
  /** @param {HTMLElement} container the element whose children are the items */
  constructor(container) {
    this.container = container;
    this.drawn = new Map(); // key -> {signature, node}
  }

  /** @param {{key: string, signature: string, draw: () => Node}[]} items in their order, keys unique */
  update(items) {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, { node }] of this.drawn) {
      if (keys.has(key)) continue;
      node.remove();
      this.drawn.delete(key);
    }
    let before = null;
    for (const item of items) {
      const node = this.place(item);
      const next = before ? before.nextSibling : this.container.firstChild;
      if (node !== next) this.container.insertBefore(node, next);
      before = node;
    }
  }

  place({ key, signature, draw }) {
    const known = this.drawn.get(key);
    if (known?.signature === signature) return known.node;
    const node = draw();
    node.dataset.item = key; // by which focus.js finds what had the focus
    if (known) known.node.replaceWith(node);
    this.drawn.set(key, { signature, node });
    return node;
  }
}

/** A scrolling element that stays at its end while it is at its end. */
export class Follower {
  constructor(scroller, onMoved = () => {}) {
    this.scroller = scroller;
    this.atEnd = true;
    this.size = "";
    scroller.addEventListener("scroll", () => {
      if (this.resized()) return; // a reflow moved it, not the reader
      onMoved(this.look());
    });
    const observer = new ResizeObserver(() => this.settle());
    [scroller, ...scroller.children].forEach((element) => observer.observe(element));
  }

  /** Where the reader is now, after something else moved the view. @returns {boolean} whether at the end */
  look() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    return this.atEnd;
  }

  /** Whether the size of the view or of its content is another one than at the last look. */
  resized() {
    const { scrollHeight, clientHeight } = this.scroller;
    const size = `${scrollHeight} ${clientHeight}`;
    const changed = size !== this.size;
    this.size = size;
    return changed;
  }

  /** After the content changed. */
  settle() {
    if (this.atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
    this.resized();
  }

  toEnd() {
    this.atEnd = true;
    this.settle();
  }
}
