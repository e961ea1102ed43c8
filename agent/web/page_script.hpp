// The page's script: sorting, filtering and paging without loading the whole page anew. It asks the agent for the same
// addresses that the links and the form have, so that there is one sorting, and without a script nothing is missing.
#pragma once

#include <string_view>

namespace docksweep::web {

inline constexpr std::string_view page_script = R"js(
(() => {
  "use strict";
  const form = document.getElementById("images-form");
  if (!form || !window.fetch || !window.DOMParser) return;
  const parts = ["images-table", "images-count"];
  let newest = 0;
  let waiting = 0;
  const show = async (address) => {
    const mine = ++newest;
    const table = document.getElementById("images-table");
    table.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== newest) return;
      const focused = document.activeElement && document.activeElement.id;
      for (const id of parts) document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
      const now = fresh.getElementById("images-form").elements;
      for (const name of ["sort", "dir"]) form.elements[name].value = now[name].value;
      if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
      history.replaceState(null, "", address);
    } catch (problem) {
      if (mine === newest) location.assign(address);
    } finally {
      table.removeAttribute("aria-busy");
    }
  };
  const asked = () => {
    const query = new URLSearchParams(new FormData(form));
    for (const name of [...query.keys()]) if (!query.get(name)) query.delete(name);
    return "/?" + query;
  };
  document.getElementById("images-table").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    clearTimeout(waiting);
    // The link is as old as the table: what was typed since counts, too.
    const address = new URL(link.href);
    for (const name of ["filter", "state", "policy"]) {
      const value = form.elements[name] ? form.elements[name].value : "";
      value ? address.searchParams.set(name, value) : address.searchParams.delete(name);
    }
    show(address.pathname + address.search);
  });
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show(asked()), 150);
  };
  form.addEventListener("input", soon);
  // A field of text says it once more when it is left, and that would undo the click that it was left for.
  form.addEventListener("change", (event) => event.target.matches("select") && soon());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    show(asked());
  });
  form.querySelector("button").hidden = true;
})();
)js";

}  // namespace docksweep::web
