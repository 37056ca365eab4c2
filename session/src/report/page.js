'use strict';
// Pointing at a population in the key shows its cores alone.
const cores = document.querySelectorAll('svg.board [data-p]');
const show = (population) => cores.forEach((core) =>
  core.classList.toggle('dim', population !== null ? core.dataset.p !== population : false));
document.querySelectorAll('.populations tr[data-p]').forEach((row) => {
  row.addEventListener('mouseenter', () => show(row.dataset.p));
  row.addEventListener('mouseleave', () => show(null));
  row.addEventListener('focus', () => show(row.dataset.p));
  row.addEventListener('blur', () => show(null));
});
