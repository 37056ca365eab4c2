//! Crossbar switches: where a horizontal bus can be joined to a vertical one.
//!
//! Sources: `halco:src/halco/hicann/v2/l1.cpp`, `halbe:hal/HICANN/Crossbar.cpp`.
//!
//! A switch exists where the phases of both buses are equal: each horizontal bus has four in each half of the chip,
//! each vertical bus has two, and a chip has 512. A closed switch connects two pieces of wire; it has no direction.

use crate::{HorizontalBus, Side, VerticalBus};

/// Switches of one chip.
pub const COUNT: usize = 512;
/// Switches of a horizontal bus in one half of the chip.
pub const PER_ROW_AND_SIDE: usize = 4;

/// Whether there is a switch between two buses.
pub const fn exists(horizontal: HorizontalBus, vertical: VerticalBus) -> bool {
    let position = vertical.index() % 32;
    let row = horizontal.index() / 2;
    match vertical.side() {
        Side::Left => position == 31 - row,
        Side::Right => position == row,
    }
}

/// The vertical bus at switch `number`, 0 to 3 from left to right, of a horizontal bus in one half of the chip.
///
/// # Panics
///
/// If `number` is above 3.
pub const fn vertical(horizontal: HorizontalBus, side: Side, number: usize) -> VerticalBus {
    assert!(number < PER_ROW_AND_SIDE, "four crossbar switches per side");
    let row = horizontal.index() / 2;
    match side {
        Side::Left => VerticalBus::at(32 * number + 31 - row),
        Side::Right => VerticalBus::at(128 + 32 * number + row),
    }
}

/// The eight vertical buses that a horizontal bus has switches to, from left to right.
pub fn verticals(horizontal: HorizontalBus) -> impl Iterator<Item = VerticalBus> {
    Side::ALL
        .into_iter()
        .flat_map(move |side| (0..PER_ROW_AND_SIDE).map(move |n| vertical(horizontal, side, n)))
}

/// The two horizontal buses that a vertical bus has switches to.
pub const fn horizontals(vertical: VerticalBus) -> [HorizontalBus; 2] {
    let first = 2 * vertical.phase().index();
    [HorizontalBus::at(first), HorizontalBus::at(first + 1)]
}

/// The number, 0 to 3, of a vertical bus's switches among those of a horizontal bus in its half.
pub const fn number(vertical: VerticalBus) -> usize {
    vertical.index() % 128 / 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_columns_list_the_switches_that_exist() {
        let mut count = 0;
        for h in HorizontalBus::all() {
            let listed: Vec<VerticalBus> = verticals(h).collect();
            let existing: Vec<VerticalBus> = VerticalBus::all().filter(|v| exists(h, *v)).collect();
            assert_eq!(listed, existing);
            assert_eq!(listed.len(), 8);
            count += listed.len();
        }
        assert_eq!(count, COUNT);
        for v in VerticalBus::all() {
            let existing: Vec<HorizontalBus> = HorizontalBus::all().filter(|h| exists(*h, v)).collect();
            assert_eq!(horizontals(v).to_vec(), existing);
            for h in existing {
                assert_eq!(vertical(h, v.side(), number(v)), v);
            }
        }
    }

    #[test]
    fn corners_of_the_matrix() {
        assert!(exists(HorizontalBus::at(0), VerticalBus::at(31)));
        assert!(exists(HorizontalBus::at(63), VerticalBus::at(0)));
        assert!(exists(HorizontalBus::at(1), VerticalBus::at(128)));
        assert!(exists(HorizontalBus::at(62), VerticalBus::at(255)));
        assert!(!exists(HorizontalBus::at(2), VerticalBus::at(31)));
    }
}
