/* A slider that shows one of the recordings of a knob. */
for (const knob of document.querySelectorAll(".lab-knob")) {
  const slider = knob.querySelector("input");
  const output = knob.querySelector("output");
  const settings = [...knob.querySelectorAll(":scope > .lab-setting")];
  const turn = () => {
    settings.forEach((each, n) => {
      each.open = n === Number(slider.value);
      each.hidden = !each.open;
    });
    output.value = `${settings[slider.value].dataset.value} s`;
    slider.setAttribute("aria-valuetext", output.value);
  };
  slider.addEventListener("input", turn);
  knob.querySelector(".lab-slider").hidden = false;
  turn();
}
