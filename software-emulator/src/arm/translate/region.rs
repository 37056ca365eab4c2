//! What is translated at once: the operations that can be reached from one address by branches known beforehand.
//!
//! A region is cut into blocks at its branch targets, and further so that no block takes long: a translated block only
//! starts if all of it lies before the bound.

use super::super::op::{ALWAYS, Kind, Op};
use super::super::pages::{PAGE, Pages};
use super::super::predecode::BRANCHES;
use super::super::state::TCM_INSTRUCTION_BYTES;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Operations of a region, at most.
const MOST_OPERATIONS: usize = 128;
/// Cycles of a block but for its last operation, at most; so many are left to the fast loop when a bound is near.
const BLOCK_CYCLES: u64 = 16;

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In a branch to a known address, with what a failed condition goes on with.
    Branch { target: u32, next: u32 },
    /// In an operation that jumps to an address in a register or in memory; `next` is for a failed condition.
    Jump { next: u32 },
    /// In the next block.
    Fall { next: u32 },
    /// Before an operation that is for the fast loop.
    Leave { at: u32 },
}

/// Operations in a row, entered only at the first.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) start: u32,
    /// With their addresses; a branch or jump that ends the block is the last.
    pub(super) ops: Vec<(u32, Op)>,
    pub(super) end: End,
    /// Cycles up to the start of the last operation, at most.
    pub(super) cycles: u64,
}

/// A region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) thumb: bool,
    pub(super) entry: u32,
    /// By their first addresses.
    pub(super) blocks: BTreeMap<u32, Block>,
    /// Where calls made in the region come back to, as the value of the link register.
    pub(super) returns: BTreeSet<u32>,
    /// The pages that the operations come from, one bit each.
    pub(super) pages: u128,
}

/// What an operation does to the flow of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Straight,
    /// To a known address; with the value of the link register, if it is a call.
    Branch(u32, Option<u32>),
    Jump,
    /// Not translated.
    Unknown,
}

/// The condition of an operation; for a branch kind it is in the kind.
pub(super) fn condition(op: Op) -> u8 {
    match BRANCHES.iter().position(|kind| *kind == op.kind) {
        Some(condition) if op.kind != Kind::B => condition as u8,
        _ => op.condition(),
    }
}

/// The flow of the operation at `pc`; `before` is the one in front of it.
fn flow(op: Op, pc: u32, before: Option<Op>, thumb: bool) -> Flow {
    let size = if thumb { 2 } else { 4 };
    let relative = || pc.wrapping_add(op.imm.wrapping_mul(size));
    match op.kind {
        kind if BRANCHES.contains(&kind) => Flow::Branch(relative(), None),
        Kind::Bl => Flow::Branch(relative(), Some(pc.wrapping_add(4))),
        Kind::BlSecond => match before {
            Some(first) if first.kind == Kind::MovI && first.d() == 14 => {
                Flow::Branch(first.imm.wrapping_add(op.imm) & !1, Some(pc.wrapping_add(2) | 1))
            }
            _ => Flow::Unknown,
        },
        Kind::Bx | Kind::BlxRegister | Kind::MovPc | Kind::LdmPc | Kind::LdrPcLiteral | Kind::LdrPcTable => {
            Flow::Jump
        }
        Kind::Interpret
        | Kind::Halves
        | Kind::Saturate
        | Kind::Halt
        | Kind::Spin
        | Kind::Poll
        | Kind::Mrs
        | Kind::Msr => Flow::Unknown,
        _ => Flow::Straight,
    }
}

/// The operation at `pc`, if that lies in a page that is predecoded.
fn operation(pages: &Pages, pc: u32, thumb: bool) -> Option<Op> {
    let at = (pc & (PAGE - 1)) as usize;
    if thumb {
        pages.page::<true>(pc)?.ops.get(at / 2).copied()
    } else {
        pages.page::<false>(pc)?.ops.get(at / 4).copied()
    }
}

impl Region {
    /// The region of an address. `fill` predecodes the page of an address.
    pub(super) fn find(
        pages: &mut Pages,
        entry: u32,
        thumb: bool,
        mut fill: impl FnMut(&mut Pages, u32),
    ) -> Region {
        let size = if thumb { 2 } else { 4 };
        let mut region = Region {
            thumb,
            entry,
            blocks: BTreeMap::new(),
            returns: BTreeSet::new(),
            pages: 0,
        };
        // First all operations that can be reached, then the cuts.
        let mut found: BTreeMap<u32, (Op, Flow)> = BTreeMap::new();
        let mut starts = BTreeSet::from([entry]);
        let mut queue = VecDeque::from([entry]);
        while let Some(start) = queue.pop_front() {
            let mut pc = start;
            let mut before = None;
            while !found.contains_key(&pc)
                && found.len() < MOST_OPERATIONS
                && pc < TCM_INSTRUCTION_BYTES as u32
            {
                if operation(pages, pc, thumb).is_none() {
                    fill(pages, pc);
                }
                let Some(op) = operation(pages, pc, thumb) else {
                    break;
                };
                let flow = flow(op, pc, before, thumb);
                found.insert(pc, (op, flow));
                region.pages |= 1 << (pc / PAGE);
                let next = pc.wrapping_add(size);
                match flow {
                    Flow::Straight => {}
                    Flow::Unknown => break,
                    Flow::Branch(target, link) => {
                        if let Some(link) = link {
                            region.returns.insert(link);
                        }
                        let falls = link.is_some() || condition(op) != ALWAYS;
                        for to in [Some(target), falls.then_some(next)].into_iter().flatten() {
                            starts.insert(to);
                            queue.push_back(to);
                        }
                        break;
                    }
                    Flow::Jump => {
                        if op.kind == Kind::BlxRegister {
                            region.returns.insert(next | u32::from(thumb));
                        } else if op.condition() == ALWAYS {
                            break;
                        }
                        starts.insert(next);
                        queue.push_back(next);
                        break;
                    }
                }
                before = Some(op);
                pc = next;
            }
        }
        for start in &starts {
            region.cut(*start, &starts, &found, size);
        }
        region
    }

    /// Makes the blocks from `start` to the next start.
    fn cut(&mut self, start: u32, starts: &BTreeSet<u32>, found: &BTreeMap<u32, (Op, Flow)>, size: u32) {
        let mut block = Block {
            start,
            ops: Vec::new(),
            end: End::Leave { at: start },
            cycles: 0,
        };
        let mut pc = start;
        let mut last = 0;
        let finish = |blocks: &mut BTreeMap<u32, Block>, mut block: Block, end: End| {
            block.end = end;
            blocks.insert(block.start, block);
        };
        loop {
            let next = pc.wrapping_add(size);
            let Some((op, flow)) = found.get(&pc) else {
                return finish(&mut self.blocks, block, End::Leave { at: pc });
            };
            if *flow == Flow::Unknown {
                return finish(&mut self.blocks, block, End::Leave { at: pc });
            }
            if !block.ops.is_empty() {
                if starts.contains(&pc) {
                    return finish(&mut self.blocks, block, End::Fall { next: pc });
                }
                if block.cycles + last > BLOCK_CYCLES {
                    let rest = Block {
                        start: pc,
                        ops: Vec::new(),
                        end: End::Leave { at: pc },
                        cycles: 0,
                    };
                    finish(
                        &mut self.blocks,
                        std::mem::replace(&mut block, rest),
                        End::Fall { next: pc },
                    );
                    last = 0;
                }
                block.cycles += last;
            }
            block.ops.push((pc, *op));
            last = op.cycles().max(1);
            match *flow {
                Flow::Branch(target, _) => {
                    return finish(&mut self.blocks, block, End::Branch { target, next });
                }
                Flow::Jump => return finish(&mut self.blocks, block, End::Jump { next }),
                _ => {}
            }
            pc = next;
        }
    }

    /// Whether there is anything to run at the entry.
    pub(super) fn is_worthwhile(&self) -> bool {
        self.blocks
            .get(&self.entry)
            .is_some_and(|block| !block.ops.is_empty())
    }
}
