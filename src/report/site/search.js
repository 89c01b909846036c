// Narrows the lists of the page to what holds all the words typed. Without it the page shows everything.
(() => {
  const field = document.getElementById("search");
  const told = document.getElementById("found");
  const parts = [...document.querySelectorAll("main table.list tbody tr, main figure, #sources li")];
  const texts = parts.map(part => (part.textContent + " " + (part.querySelector("img")?.alt ?? "")).toLowerCase());
  field.closest("[hidden]").hidden = false;
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(word => word);
    let found = 0;
    parts.forEach((part, nth) => {
      const fits = words.every(word => texts[nth].includes(word));
      part.hidden = !fits;
      found += fits;
    });
    document.querySelectorAll("main details").forEach(details => { if (words.length) details.open = true; });
    told.textContent = words.length ? `找到 ${found} 项` : "";
  });
})();
