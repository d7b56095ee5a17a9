/* Opens everything to print it, and closes it afterwards. */

let closed = [];
addEventListener("beforeprint", () => {
  for (const root of all()) {
    equip(root);
    const parts = whole.get(root);
    if (parts) parts.box.replaceWith(parts.list);
  }
  closed = [...document.querySelectorAll(".wt:not(.wt-slim) details:not([open])")];
  for (const each of closed) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of closed) each.open = false;
  for (const root of all()) {
    const parts = whole.get(root);
    if (parts) parts.list.replaceWith(parts.box);
  }
});
