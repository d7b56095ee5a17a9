/* Run and Edit for the Python blocks of a page; see python.js.

   A block's text is what is run, so an edit of one is seen by those below it. */
(() => {
  const data = JSON.parse(document.getElementById("lab-data").textContent);
  if (laboratoryPython.missing(data)) return; // the blocks are there to be read, as ever
  const apart = "figure, .wt, .tabbed-set";
  const blocks = [...document.querySelectorAll("article div.language-python.highlight")]
    .filter((block) => !block.closest(apart));

  const make = (tag, more) => Object.assign(document.createElement(tag), more);
  const text = (block) => block.edited?.value ?? block.querySelector("code").textContent;
  let bar = null; // of the block that runs

  const python = laboratoryPython(data, {
    tell: (words) => { bar.status.textContent = words; },
    busy: (yes) => {
      bar.stop.hidden = !yes;
      bar.run.setAttribute("aria-disabled", String(yes));
    },
    progress: make("progress", {}),
  });

  const run = async (n, mine) => {
    if (python.asked) return;
    bar = mine;
    const bodies = blocks.slice(0, n + 1).map(text).map((body) => `${body.trimEnd()}\n`);
    const answer = await python.ask({ do: "snippet", page: data.page, bodies });
    if (!answer) return;
    mine.status.textContent = answer.failed ? "It failed." : "";
    mine.output.textContent = answer.output;
    mine.output.hidden = !answer.output;
  };

  const edit = (block, mine) => {
    const body = text(block);
    block.edited = make("textarea", { value: body, rows: body.split("\n").length, spellcheck: false, className: "lab-edit" });
    block.edited.setAttribute("aria-label", mine.edit.getAttribute("aria-label").replace("Edit", "Text of"));
    block.querySelector("pre").hidden = true;
    block.append(block.edited);
    block.edited.focus();
    mine.edit.hidden = true;
  };

  blocks.forEach((block, n) => {
    const which = `block ${n + 1}`;
    const button = (words, more = {}) => {
      const made = make("button", { type: "button", className: "lab-small", textContent: words, ...more });
      made.setAttribute("aria-label", `${words} ${which}`);
      return made;
    };
    const mine = {
      run: button("Run"),
      edit: button("Edit"),
      stop: button("Stop", { hidden: true }),
      status: make("span", { className: "lab-said" }),
      output: make("pre", { className: "lab-output", hidden: true, tabIndex: 0 }),
    };
    mine.status.setAttribute("role", "status");
    mine.output.setAttribute("role", "group");
    mine.output.setAttribute("aria-label", `Output of ${which}`);
    const row = make("div", { className: "lab-bar" });
    row.append(mine.run, mine.edit, mine.stop, mine.status);
    block.after(row, mine.output);
    mine.run.addEventListener("click", () => run(n, mine));
    mine.edit.addEventListener("click", () => edit(block, mine));
    mine.stop.addEventListener("click", () => python.stop("Stopped."));
  });
})();
