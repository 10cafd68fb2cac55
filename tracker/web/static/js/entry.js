// The activity form: the unit of the chosen kind beside the volume, and steps for the thumb.
for (const form of document.querySelectorAll("[data-entry]")) {
  const volume = form.elements.volume;
  const unit = form.querySelector("[data-volume-unit]");

  const showUnit = () => {
    const chosen = form.querySelector("[name=type_id]:checked");
    unit.textContent = chosen ? `(${chosen.dataset.unit})` : "";
  };
  form.addEventListener("change", showUnit);
  showUnit();

  for (const button of form.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      volume.value = Math.max(0, (Number(volume.value) || 0) + Number(button.dataset.step));
    });
  }
}
