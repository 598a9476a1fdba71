"""What somebody who cannot see well, or cannot point, meets on a page: scripts that run in it."""

UNNAMED = """() => {
  const shown = (node) => node.checkVisibility({ visibilityProperty: true });
  const name = (node) => node.getAttribute("aria-label") || node.textContent.trim()
    || [...(node.labels ?? [])].map((label) => label.textContent.trim()).join();
  const all = "button, input, textarea, a, summary, [role=img], [role=meter], [role=switch]";
  return [...document.querySelectorAll(all)].filter((node) => shown(node) && !name(node)).map((node) => node.outerHTML);
}"""

SMALL = """() => [...document.querySelectorAll("button, input, textarea, summary")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .filter((node) => Math.min(node.offsetWidth, node.offsetHeight) < 24).map((node) => node.outerHTML)"""

SIDEWAYS = """() => [...document.querySelectorAll("html, body, main, section, details, footer, form, header")]
  .filter((node) => node.scrollWidth > Math.max(node.clientWidth, 1) + 1 && node.checkVisibility())
  .map((node) => `${node.tagName}#${node.id} ${node.scrollWidth} > ${node.clientWidth}`)"""

# Contrast of every text that is shown, WCAG 2.2 section 1.4.3: colours over each other, then relative luminance.
PALE = """() => {
  const parts = (colour) => {
    const found = colour.match(/[\\d.]+/g).map(Number);
    const scale = colour.startsWith("color(") ? 255 : 1;
    return { rgb: found.slice(0, 3).map((each) => each * scale), alpha: found[3] ?? 1 };
  };
  const over = (top, below) => top.rgb.map((each, n) => each * top.alpha + below[n] * (1 - top.alpha));
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    const own = parts(getComputedStyle(node).backgroundColor);
    return own.alpha === 1 ? own.rgb : over(own, behind(node.parentElement));
  };
  const luminance = (rgb) => rgb.map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, n) => sum + each * [0.2126, 0.7152, 0.0722][n], 0);
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].filter((each) => each.nodeType === 3).map((each) => each.data.trim()).join("");
    if (!text || !node.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(node);
    const ground = behind(node);
    const colour = node instanceof SVGElement ? style.fill : style.color;
    const [light, dark] = [luminance(over(parts(colour), ground)), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${node.tagName}.${node.getAttribute("class")} ${text}`);
  }
  return poor;
}"""

FOCUS = "() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
