// Checking in: where the browser is, asked only when the button is pressed; without an answer it is sent without.
const LONGEST_MS = 15000;

for (const form of document.querySelectorAll("[data-check-in]")) {
  const looking = document.querySelector("[data-looking]");
  let asked = false;

  const send = (position) => {
    if (position) {
      form.elements.lat.value = position.coords.latitude;
      form.elements.lon.value = position.coords.longitude;
      form.elements.accuracy_m.value = position.coords.accuracy;
    }
    form.submit();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (asked) return;
    asked = true;
    if (!navigator.geolocation) {
      send(null);
      return;
    }
    looking.textContent = looking.dataset.text;
    const wanted = { enableHighAccuracy: true, maximumAge: 0, timeout: LONGEST_MS };
    navigator.geolocation.getCurrentPosition(send, () => send(null), wanted);
  });
}

// A page that comes back from the browser's memory asks anew.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
