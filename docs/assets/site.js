/* Names that the theme leaves out, for those who hear the page. */
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// Two parts of a page may be called alike: number the second.
const counts = new Map();
const parts = "nav[aria-label], section[aria-label], [role=region][aria-label]";
for (const part of document.querySelectorAll(parts)) {
  const name = part.getAttribute("aria-label").trim();
  const count = (counts.get(name.toLowerCase()) ?? 0) + 1;
  counts.set(name.toLowerCase(), count);
  if (count > 1) part.setAttribute("aria-label", `${name} (${count})`);
}

// Code blocks get a bar of buttons as they come into view, and may be copied later.
let bars = 0;

function nameBars(root) {
  for (const bar of root.querySelectorAll(".md-code__nav")) {
    bars += 1;
    bar.setAttribute("aria-label", `Code block ${bars}`);
  }
}

// The theme puts a wide table into a box that scrolls: let the keyboard reach it.
function reachTables(root) {
  for (const box of root.querySelectorAll(".md-typeset__scrollwrap")) box.tabIndex = 0;
}

nameBars(document);
reachTables(document);
new MutationObserver((records) => {
  for (const { addedNodes } of records) {
    for (const node of addedNodes) {
      // A stepper that walks fast has taken it away again.
      if (!node.isConnected) continue;
      if (node.nodeName === "DIV") reachTables(node.parentNode);
      if (node.nodeName === "NAV") nameBars(node.parentNode);
      else if (node.nodeType === Node.ELEMENT_NODE) nameBars(node);
    }
  }
}).observe(document.querySelector("article") ?? document.body, {
  childList: true,
  subtree: true,
});
