// The little that pages do in the browser beside htmx. Everything works without it.

// Copy buttons: <button data-copy="#id" hidden>. They appear only where this script runs.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}

// <form data-confirm="Remove the shop?"> asks before it posts.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A button is pressed once: a second click would do the same again.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.setAttribute("aria-busy", "true"); button.disabled = true; });
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const each of document.querySelectorAll("button[aria-busy]")) { each.removeAttribute("aria-busy"); each.disabled = false; }
});

// Filters apply as soon as they are chosen: <select data-submit>.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});
