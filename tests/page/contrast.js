// Words whose colour is too near the ground's to be read: less than 4.5 times
// as light, or 3 times for large letters (WCAG 2.2, 1.4.3).
(() => {
  const numbers = (colour) => {
    const found = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    const unit = colour.startsWith("color(") ? 255 : 1;
    const [r, g, b, alpha = 1] = found;
    return [r * unit, g * unit, b * unit, alpha];
  };
  const over = (top, below) =>
    [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const light = (colour) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
      const part = colour[i] / 255;
      const linear =
        part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      return sum + share * linear;
    }, 0);
  // What lies behind the words of an element, and how much of them is seen
  // through all that holds it; asked once for each element.
  const known = new Map([[null, { ground: [255, 255, 255], opacity: 1 }]]);
  const behind = (e) => {
    if (!known.has(e)) {
      const { ground, opacity } = behind(e.parentElement);
      const style = getComputedStyle(e);
      known.set(e, {
        ground: over(numbers(style.backgroundColor), ground),
        opacity: opacity * Number(style.opacity),
      });
    }
    return known.get(e);
  };
  const unread = "script, style, title, noscript, .katex-mathml, symbol";
  const low = new Map(), read = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    if (!words || read.has(element) || element.closest(unread)) continue;
    read.add(element);
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement ? style.fill : style.color;
    const { ground, opacity } = behind(element);
    const [r, g, b, alpha] = numbers(drawn);
    const shown = over([r, g, b, alpha * opacity], ground);
    const [dark, bright] = [light(shown), light(ground)].sort((x, y) => x - y);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      const kind = `${element.tagName.toLowerCase()}.${element.classList}`;
      low.set(kind, `${kind} ${ratio.toFixed(2)}: ${words.slice(0, 30)}`);
    }
  }
  return [...low.values()];
})()
