/* Unpacks what the page keeps packed until it is needed: lists of steps, excerpts,
   contents of folds. */

const LONG = 500;

const whole = new WeakMap();

/* For a standalone page: excerpts and contents of folds. */
const shelves = new WeakMap();

const fill = (details, shelf) => {
  const inside = details.querySelector("ol[data-inside]");
  if (!inside) return;
  inside.innerHTML = shelf[inside.dataset.inside];
  inside.removeAttribute("data-inside");
};

/* The list of steps of a walkthrough. */
const unpacked = (root) => {
  const packed = root.querySelector(".wt-all noscript");
  if (packed) {
    const box = make("div");
    box.innerHTML = packed.textContent;
    const shelf = box.querySelector(".wt-shelf");
    if (shelf) shelves.set(root, JSON.parse(shelf.textContent));
    shelf?.remove();
    const list = box.querySelector(".wt-steps");
    const parts = list && list.children.length > LONG && new LongList(list, shelves.get(root));
    if (parts) whole.set(root, parts);
    packed.replaceWith(parts ? parts.box : box);
  }
  return whole.get(root)?.list || root.querySelector(".wt-steps");
};

/* The walkthrough that holds a place, which may be packed; and the place. */
const home = (id) => {
  const [, ident] = id.match(/^(.*)-\d+(-f\d+)?$/) || [];
  return document.getElementById(`${ident}-walk`);
};

const place = (id) => {
  const root = home(id);
  if (root) unpacked(root);
  return whole.get(root)?.places.get(id) || document.getElementById(id);
};
