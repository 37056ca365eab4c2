//! The predecoded code of one ITCM, by pages that are filled when they are first executed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::op::Op;
use super::predecode::{arm_op, poll, spin, thumb_op};
use super::state::TCM_INSTRUCTION_BYTES;
use super::translate::{Translation, Translator};
use super::{memory, timing};

/// Bytes of code in a page.
pub(super) const PAGE: u32 = 256;
const PAGES: usize = TCM_INSTRUCTION_BYTES / PAGE as usize;

/// The operations of a page; how often the fast loop has come to each by a jump, and the first translation from there.
struct Page<const N: usize> {
    ops: [Op; N],
    heat: [AtomicU32; N],
    translations: [OnceLock<Arc<Translation>>; N],
}

type ArmPage = Arc<Page<{ PAGE as usize / 4 }>>;
type ThumbPage = Arc<Page<{ PAGE as usize / 2 }>>;

/// The heat of an operation from which nothing can be translated.
const COLD: u32 = u32::MAX;

/// A page as the fast loop sees it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) ops: &'a [Op],
    heat: &'a [AtomicU32],
    translations: &'a [OnceLock<Arc<Translation>>],
    hot: u32,
}

impl View<'_> {
    /// Counts a jump to an operation; true if it should be run as a translation.
    #[inline(always)]
    pub(super) fn warm(&self, at: usize) -> bool {
        let Some(heat) = self.heat.get(at) else {
            return false;
        };
        let now = heat.load(Ordering::Relaxed);
        if now == COLD {
            return false;
        }
        if now >= self.hot {
            return true;
        }
        // Counts that threads lose to each other do not matter.
        heat.store(now + 1, Ordering::Relaxed);
        false
    }
}

/// All that a page's operations depend on: its address, its bytes and the word after them (0 at the end of the ITCM).
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    base: u32,
    bytes: [u8; PAGE as usize + 4],
}

impl Source {
    fn new(itcm: &[u8; TCM_INSTRUCTION_BYTES], base: u32) -> Source {
        let rest = &itcm[base as usize..];
        let mut bytes = [0; PAGE as usize + 4];
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        Source { base, bytes }
    }
}

struct Known {
    arm: BTreeMap<Source, ArmPage>,
    thumb: BTreeMap<Source, ThumbPage>,
    translator: Option<Box<Translator>>,
}

/// Predecoded and translated code that several processors share, since they mostly run the same programs: less memory,
/// less to translate, and less of the host's cache when they take turns. It changes nothing else. Clones are the same
/// cache.
#[derive(Clone)]
pub struct CodeCache {
    known: Arc<Mutex<Known>>,
    hot: u32,
}

/// Jumps to an address before it is worth a translation. That takes about a millisecond, and a jump with what follows it is
/// some ten nanoseconds faster afterwards.
const HOT: u32 = 100_000;

impl Default for CodeCache {
    fn default() -> Self {
        CodeCache::translating_after(HOT)
    }
}

impl CodeCache {
    /// A cache that translates what has been jumped to `jumps` times.
    pub fn translating_after(jumps: u32) -> Self {
        CodeCache::with(Translator::new().map(Box::new), jumps.min(COLD - 1))
    }

    /// A cache that translates nothing.
    pub fn untranslated() -> Self {
        CodeCache::with(None, COLD)
    }

    fn with(translator: Option<Box<Translator>>, hot: u32) -> Self {
        let hot = if translator.is_some() { hot } else { COLD };
        let known = Known {
            arm: BTreeMap::new(),
            thumb: BTreeMap::new(),
            translator,
        };
        CodeCache {
            known: Arc::new(Mutex::new(known)),
            hot,
        }
    }
}

/// Pages that a cache knows before it starts anew: several times what the programs of one network have.
const KNOWN_PAGES: usize = 8192;

/// The predecoded pages of one ITCM, for both states.
pub(super) struct Pages {
    arm: [Option<ArmPage>; PAGES],
    thumb: [Option<ThumbPage>; PAGES],
    /// Which pages exist in either state, one bit each.
    pub(super) present: u128,
    cache: CodeCache,
    /// A translation found lately that is not the first of its page, with its entry; one more in Thumb state.
    other: Option<(u32, Arc<Translation>)>,
}

impl Pages {
    pub(super) fn new(cache: CodeCache) -> Pages {
        Pages {
            arm: [const { None }; PAGES],
            thumb: [const { None }; PAGES],
            present: 0,
            cache,
            other: None,
        }
    }

    /// Translates from now on what has been jumped to `jumps` times, by way of a cache of its own.
    pub(super) fn translate_after(&mut self, jumps: u32) {
        if self.cache.hot != jumps {
            *self = Pages::new(CodeCache::translating_after(jumps));
        }
    }

    /// The page that `pc` lies in, if it is predecoded.
    #[inline(always)]
    pub(super) fn page<const THUMB: bool>(&self, pc: u32) -> Option<View<'_>> {
        let at = (pc / PAGE) as usize;
        let hot = self.cache.hot;
        if THUMB {
            Some(self.thumb.get(at)?.as_ref()?.view(hot))
        } else {
            Some(self.arm.get(at)?.as_ref()?.view(hot))
        }
    }

    /// What tells a page from all others that the cache knows.
    pub(super) fn identity(&self, at: usize, thumb: bool) -> Option<usize> {
        if thumb {
            Some(Arc::as_ptr(self.thumb.get(at)?.as_ref()?).addr())
        } else {
            Some(Arc::as_ptr(self.arm.get(at)?.as_ref()?).addr())
        }
    }

    /// Forgets the pages of a set.
    pub(super) fn drop_pages(&mut self, pages: u128) {
        for at in (0..PAGES).filter(|at| pages >> at & 1 != 0) {
            self.arm[at] = None;
            self.thumb[at] = None;
        }
        self.present &= !pages;
        self.other = None;
    }

    /// Predecodes the page that `pc`, an address inside the ITCM, lies in.
    #[cold]
    pub(super) fn fill(&mut self, itcm: &[u8; TCM_INSTRUCTION_BYTES], pc: u32, thumb: bool) {
        let cache = Arc::clone(&self.cache.known);
        self.fill_from(
            &mut cache.lock().unwrap_or_else(PoisonError::into_inner),
            itcm,
            pc,
            thumb,
        );
    }

    fn fill_from(&mut self, known: &mut Known, itcm: &[u8; TCM_INSTRUCTION_BYTES], pc: u32, thumb: bool) {
        let at = (pc / PAGE) as usize;
        let base = pc & !(PAGE - 1);
        self.present |= 1 << at;
        let source = Source::new(itcm, base);
        if known.arm.len() + known.thumb.len() >= KNOWN_PAGES {
            known.forget();
        }
        if thumb {
            let page = known.thumb.entry(source);
            self.thumb[at] = Some(
                page.or_insert_with(|| Arc::new(Page::new(thumb_page(itcm, base))))
                    .clone(),
            );
        } else {
            let page = known.arm.entry(source);
            self.arm[at] = Some(
                page.or_insert_with(|| Arc::new(Page::new(arm_page(itcm, base))))
                    .clone(),
            );
        }
    }

    /// The translation of the code at `pc`, in the state given, if it has been jumped to often enough.
    #[inline(always)]
    pub(super) fn translation<const THUMB: bool>(
        &mut self,
        itcm: &[u8; TCM_INSTRUCTION_BYTES],
        pc: u32,
    ) -> Option<&Translation> {
        let at = (pc & (PAGE - 1)) as usize / if THUMB { 2 } else { 4 };
        let page = self.page::<THUMB>(pc)?;
        let first = page.translations.get(at)?.get();
        let fits = first.is_some_and(|translation| translation.fits(self, THUMB));
        let key = pc | u32::from(THUMB);
        if fits {
            // Looked up again, because the borrow checker does not see that nothing changes on this way.
            return self
                .page::<THUMB>(pc)?
                .translations
                .get(at)?
                .get()
                .map(|first| &**first);
        }
        if self.other.as_ref().is_none_or(|(entry, _)| *entry != key)
            && !(page.warm(at) && self.translate(itcm, pc, THUMB, at))
        {
            return None;
        }
        self.other.as_ref().map(|(_, other)| &**other)
    }

    /// Looks for a translation that is not the first of its page, or makes one, and puts it where it is found; false if
    /// there is none.
    #[cold]
    fn translate(&mut self, itcm: &[u8; TCM_INSTRUCTION_BYTES], pc: u32, thumb: bool, at: usize) -> bool {
        let cache = Arc::clone(&self.cache.known);
        let mut known = cache.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut translator) = known.translator.take() else {
            return false;
        };
        let translation = translator.get(self, pc, thumb, |pages, pc| {
            pages.fill_from(&mut known, itcm, pc, thumb);
        });
        known.translator = Some(translator);
        let page = if thumb {
            self.page::<true>(pc)
        } else {
            self.page::<false>(pc)
        };
        match (translation, page) {
            (Some(translation), Some(page)) => {
                if let Some(first) = page.translations.get(at) {
                    let _ = first.set(Arc::clone(&translation));
                }
                self.other = Some((pc | u32::from(thumb), translation));
                true
            }
            (None, Some(page)) => {
                if let Some(heat) = page.heat.get(at) {
                    heat.store(COLD, Ordering::Relaxed);
                }
                false
            }
            (_, None) => false,
        }
    }
}

impl Known {
    fn forget(&mut self) {
        self.arm.clear();
        self.thumb.clear();
        if let Some(translator) = &mut self.translator {
            translator.forget();
        }
    }
}

impl<const N: usize> Page<N> {
    fn new(ops: [Op; N]) -> Self {
        Page {
            ops,
            heat: [const { AtomicU32::new(0) }; N],
            translations: [const { OnceLock::new() }; N],
        }
    }

    fn view(&self, hot: u32) -> View<'_> {
        View {
            ops: &self.ops,
            heat: &self.heat,
            translations: &self.translations,
            hot,
        }
    }
}

fn inside(address: u32) -> bool {
    address < TCM_INSTRUCTION_BYTES as u32
}

fn arm_page(itcm: &[u8; TCM_INSTRUCTION_BYTES], base: u32) -> [Op; PAGE as usize / 4] {
    let mut page = [Op::INTERPRET; PAGE as usize / 4];
    for n in 0..page.len() {
        let pc = base + 4 * n as u32;
        let code = memory::word(itcm, pc);
        let stall = if inside(pc + 4) {
            timing::arm_stall(code, memory::word(itcm, pc + 4))
        } else {
            0
        };
        page[n] = arm_op(code, pc, u32::from(stall));
        if n > 0 {
            page[n] = spin(page[n - 1], page[n]);
        }
        if n > 1 {
            page[n] = poll(page[n - 2], page[n - 1], page[n]);
        }
    }
    page
}

fn thumb_page(itcm: &[u8; TCM_INSTRUCTION_BYTES], base: u32) -> [Op; PAGE as usize / 2] {
    let mut page = [Op::INTERPRET; PAGE as usize / 2];
    for n in 0..page.len() {
        let pc = base + 2 * n as u32;
        let code = memory::half(itcm, pc);
        let stall = if inside(pc + 2) {
            timing::thumb_stall(code, memory::half(itcm, pc + 2))
        } else {
            0
        };
        page[n] = thumb_op(u32::from(code), pc, u32::from(stall));
        if n > 0 {
            page[n] = spin(page[n - 1], page[n]);
        }
        if n > 1 {
            page[n] = poll(page[n - 2], page[n - 1], page[n]);
        }
    }
    page
}
