//! Translation to the host's own instructions (by Cranelift) of code that is executed often.
//!
//! [`region`] finds what belongs together, [`lower`] with [`data`] and [`transfer`] says what it means. A translation does exactly what the fast loop
//! would do from its entry on: the same registers, memory, cycles and instructions, up to the same bound. When and
//! whether something is translated therefore changes nothing but the time it takes.
//!
//! Processors that execute the same code share its translations.

mod data;
mod lower;
mod region;
mod transfer;

use super::pages::Pages;
use super::state::Core;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{AbiParam, UserFuncName};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Linkage, Module, ModuleError, default_libcall_names};
use region::Region;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a translation came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Exit {
    /// Somewhere else: look what is there.
    Look = 0,
    /// The bound is near, the operation at the PC is not translated, or it goes out on the bus: the fast loop goes on.
    Rest = 1,
}

/// Translations that are ever made for a cache: hundreds of times what the programs of a network need. What rewrites
/// itself without end does not use up the host's memory.
const MOST_TRANSLATIONS: u32 = 1 << 14;

type Function = unsafe extern "C" fn(core: *mut Core, bound: u64) -> u32;

/// Host code for a region, with what it was made from.
pub(super) struct Translation {
    function: Function,
    /// The pages that it depends on, with their identities.
    pages: Vec<(usize, usize)>,
}

impl Translation {
    /// Whether it was made from the code that the processor has.
    #[inline(always)]
    pub(super) fn fits(&self, pages: &Pages, thumb: bool) -> bool {
        self.pages
            .iter()
            .all(|(at, identity)| pages.identity(*at, thumb) == Some(*identity))
    }

    /// Runs from `core.pc`, which must be its entry.
    #[expect(
        unsafe_code,
        reason = "calling code made at run time; it is several times faster than the fast loop"
    )]
    pub(super) fn run(&self, core: &mut Core, bound: u64) -> Exit {
        // SAFETY: `function` was made by `Translator::translate` with this signature, and its memory lives as long as the
        // cache that the processor holds. It accesses `core` by the offsets of its fields, and the two TCMs through the
        // boxes in there at offsets that it has checked against their sizes, and nothing else.
        let exit = unsafe { (self.function)(std::ptr::from_mut(core), bound) };
        match exit {
            0 => Exit::Look,
            _ => Exit::Rest,
        }
    }
}

/// Makes and keeps translations.
pub(super) struct Translator {
    /// None once it has been given back.
    module: Option<JITModule>,
    context: cranelift_codegen::Context,
    builder: FunctionBuilderContext,
    /// By entry and state; several where programs differ. An empty list: it cannot be translated.
    known: BTreeMap<(u32, bool), Vec<Arc<Translation>>>,
    made: u32,
}

impl Translator {
    /// None if the host is of a kind that Cranelift has no code for.
    pub(super) fn new() -> Option<Translator> {
        let mut flags = settings::builder();
        flags.set("opt_level", "speed").ok()?;
        flags.set("unwind_info", "false").ok()?;
        flags.set("use_colocated_libcalls", "false").ok()?;
        flags.set("is_pic", "false").ok()?;
        flags
            .set("enable_verifier", if cfg!(test) { "true" } else { "false" })
            .ok()?;
        let isa = cranelift_native::builder().ok()?;
        let isa = isa.finish(settings::Flags::new(flags)).ok()?;
        if isa.pointer_type() != I64 || cfg!(target_endian = "big") {
            return None;
        }
        let module = JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()));
        Some(Translator {
            context: module.make_context(),
            module: Some(module),
            builder: FunctionBuilderContext::new(),
            known: BTreeMap::new(),
            made: 0,
        })
    }

    /// Forgets what it knows; translations that processors still use stay.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// The translation of the code at `entry`, made if there is none yet.
    pub(super) fn get(
        &mut self,
        pages: &mut Pages,
        entry: u32,
        thumb: bool,
        fill: impl FnMut(&mut Pages, u32),
    ) -> Option<Arc<Translation>> {
        let known = self.known.get(&(entry, thumb));
        if let Some(found) =
            known.and_then(|list| list.iter().find(|translation| translation.fits(pages, thumb)))
        {
            return Some(Arc::clone(found));
        }
        let region = Region::find(pages, entry, thumb, fill);
        if !region.is_worthwhile() || self.made >= MOST_TRANSLATIONS {
            return None;
        }
        let function = self.translate(&region).ok()?;
        let mut sources = Vec::new();
        for at in (0..128).filter(|at| region.pages >> at & 1 != 0) {
            sources.push((at, pages.identity(at, thumb)?));
        }
        let translation = Arc::new(Translation {
            function,
            pages: sources,
        });
        self.known
            .entry((entry, thumb))
            .or_default()
            .push(Arc::clone(&translation));
        Some(translation)
    }

    #[expect(unsafe_code, reason = "the address of code made at run time")]
    fn translate(&mut self, region: &Region) -> Result<Function, Failed> {
        let module = self.module.as_mut().ok_or(Failed)?;
        module.clear_context(&mut self.context);
        let signature = &mut self.context.func.signature;
        signature.params.extend([AbiParam::new(I64), AbiParam::new(I64)]);
        signature.returns.push(AbiParam::new(I32));
        self.context.func.name = UserFuncName::user(0, self.made);
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        if lower::lower(region, builder).is_err() {
            // The builder's scratch is only clean again after a whole function.
            self.builder = FunctionBuilderContext::new();
            return Err(Failed);
        }
        let name = format!("region{}", self.made);
        self.made += 1;
        let id = module.declare_function(&name, Linkage::Local, &self.context.func.signature)?;
        module.define_function(id, &mut self.context)?;
        module.finalize_definitions()?;
        let code = module.get_finalized_function(id);
        // SAFETY: this is the entry of a function with the signature given above.
        Ok(unsafe { std::mem::transmute::<*const u8, Function>(code) })
    }
}

impl Drop for Translator {
    #[expect(unsafe_code, reason = "gives the memory of the translations back")]
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: every processor that could run a translation holds the cache that owns this, so there is none left.
            unsafe { module.free_memory() };
        }
    }
}

/// There will be no translation.
#[derive(Debug)]
struct Failed;

impl From<ModuleError> for Failed {
    fn from(error: ModuleError) -> Failed {
        // A region that Cranelift refuses is executed by the fast loop.
        tracing::debug!(%error, "a region of code could not be translated");
        Failed
    }
}
