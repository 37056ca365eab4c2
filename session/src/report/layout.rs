//! Where chips are drawn.
//!
//! Chips are hexagons in skewed axes: east is right, north is up and to the left, and so north-east is up and to the
//! right, and all six neighbours of a chip touch it.
//!
//! ```text
//!        y
//!         \   (0,1) (1,1)
//!          \    (0,0) (1,0)
//!           +-------------- x
//! ```
//!
//! A machine of several boards is a torus without a beginning. Every board is drawn whole, beside the position of
//! its Ethernet chip, and moved by whole turns around the torus until the boards form an upright block.

use std::collections::{BTreeMap, BTreeSet};
use taproot_spinnaker_chip::{Board, ChipXy, Link, Machine};

/// Height of one row of hexagons, in distances between neighbours.
const ROW: f64 = 0.866_025_403_784_438_6;

/// Where every position of a machine is drawn, in the skewed grid and on paper.
pub(super) struct Layout {
    /// All positions that hold, or should hold, a chip; ordered by x, then y.
    pub(super) places: Vec<Place>,
    index: BTreeMap<ChipXy, usize>,
    /// Whether links lead from one edge of the machine to the other.
    pub(super) wraps: bool,
    /// Width on paper, in distances between neighbouring chips.
    pub(super) width: f64,
    /// Height on paper.
    pub(super) height: f64,
    left: f64,
    top: f64,
}

/// One position of a machine.
pub(super) struct Place {
    /// Its coordinates.
    pub(super) xy: ChipXy,
    /// Where it is drawn, in the skewed grid. May be outside the machine's grid when boards are moved.
    pub(super) at: (i32, i32),
    /// Whether there is a chip.
    pub(super) alive: bool,
    /// Ethernet chip of its board, as far as that is known.
    pub(super) board: Option<ChipXy>,
}

impl Layout {
    /// Lays a machine out.
    pub(super) fn of(machine: &Machine) -> Self {
        let (width, height) = (i32::from(machine.width()), i32::from(machine.height()));
        let mut places: BTreeMap<ChipXy, Place> = BTreeMap::new();
        let boards = spin5_boards(machine);
        let several = boards.as_ref().is_some_and(|b| b.len() > 1);
        // Whole turns that bring a position's column on paper into the first turn.
        let upright = |x: i32, y: i32| {
            if several {
                (2 * x - y).div_euclid(2 * width) * width
            } else {
                0
            }
        };
        for &ethernet in boards.iter().flatten() {
            let (ex, ey) = (i32::from(ethernet.x), i32::from(ethernet.y));
            let turn = upright(ex, ey);
            for local in Board::Spin5.chips() {
                let (x, y) = (ex + i32::from(local.x), ey + i32::from(local.y));
                let xy = ChipXy::new((x % width) as u8, (y % height) as u8);
                places.insert(
                    xy,
                    Place {
                        xy,
                        at: (x - turn, y),
                        alive: machine.chip(xy).is_some(),
                        board: Some(ethernet),
                    },
                );
            }
        }
        // What no board claims: every position of a plain grid, and boards that are missing altogether.
        if boards.is_none() || several {
            for x in 0..machine.width() {
                for y in 0..machine.height() {
                    let xy = ChipXy::new(x, y);
                    places.entry(xy).or_insert_with(|| Place {
                        xy,
                        at: (i32::from(x) - upright(i32::from(x), i32::from(y)), i32::from(y)),
                        alive: machine.chip(xy).is_some(),
                        board: machine.chip(xy).map(|chip| chip.ethernet),
                    });
                }
            }
        }
        let wraps = machine.chips().any(|(xy, chip)| {
            chip.links.iter().any(|link| {
                let (dx, dy) = link.step();
                !(0..width).contains(&(i32::from(xy.x) + dx))
                    || !(0..height).contains(&(i32::from(xy.y) + dy))
            })
        });
        let places: Vec<Place> = places.into_values().collect();
        let across = places.iter().map(|p| paper(p.at).0);
        let up = places.iter().map(|p| paper(p.at).1);
        let (left, right) = (
            across.clone().fold(f64::MAX, f64::min),
            across.fold(f64::MIN, f64::max),
        );
        let (top, bottom) = (up.clone().fold(f64::MAX, f64::min), up.fold(f64::MIN, f64::max));
        Self {
            index: places.iter().enumerate().map(|(i, p)| (p.xy, i)).collect(),
            places,
            wraps,
            width: right - left + 1.3,
            height: bottom - top + 1.45,
            left: left - 0.65,
            top: top - 0.725,
        }
    }

    /// The middle of a place on paper, in distances between neighbouring chips from the top left.
    pub(super) fn centre(&self, place: &Place) -> (f64, f64) {
        let (x, y) = paper(place.at);
        (x - self.left, y - self.top)
    }

    /// The place of a chip, if the machine has that position.
    pub(super) fn place(&self, xy: ChipXy) -> Option<&Place> {
        Some(&self.places[*self.index.get(&xy)?])
    }

    /// What lies at the other end of a link: the place, and whether it is drawn next to this one. None if the link
    /// leads nowhere, or out of a machine that does not wrap.
    pub(super) fn across(&self, machine: &Machine, place: &Place, link: Link) -> Option<(&Place, bool)> {
        let other = self.place(machine.beside(place.xy, link))?;
        let (dx, dy) = link.step();
        let adjacent = other.at == (place.at.0 + dx, place.at.1 + dy);
        (adjacent || self.wraps).then_some((other, adjacent))
    }

    /// Links between two places that both hold a chip, of which at least one end is dead: each once.
    pub(super) fn dead_links(&self, machine: &Machine) -> Vec<(&Place, Link)> {
        let external: BTreeSet<(ChipXy, Link)> = if is_spin3(machine) {
            Board::Spin3
                .external_links()
                .iter()
                .flat_map(|&(xy, link)| [(xy, link), (machine.beside(xy, link), link.opposite())])
                .collect()
        } else {
            BTreeSet::new()
        };
        self.places
            .iter()
            .filter(|place| place.alive)
            .flat_map(|place| Link::ALL.map(|link| (place, link)))
            .filter(|(place, link)| {
                machine
                    .chip(place.xy)
                    .is_some_and(|chip| !chip.links.contains(*link))
                    && !external.contains(&(place.xy, *link))
                    && self.across(machine, place, *link).is_some_and(|(other, _)| {
                        other.alive && (place.xy, link.number()) < (other.xy, link.opposite().number())
                    })
            })
            .collect()
    }
}

/// The direction of a link on paper: a step of length one, with y downwards.
pub(super) fn direction(link: Link) -> (f64, f64) {
    paper(link.step())
}

/// Corners of a hexagon of the given radius that stands on a corner, clockwise from the top.
pub(super) fn upright_hexagon(radius: f64) -> [(f64, f64); 6] {
    [
        (0.0, -radius),
        (ROW * radius, -radius / 2.0),
        (ROW * radius, radius / 2.0),
        (0.0, radius),
        (-ROW * radius, radius / 2.0),
        (-ROW * radius, -radius / 2.0),
    ]
}

fn paper(at: (i32, i32)) -> (f64, f64) {
    (f64::from(at.0) - f64::from(at.1) / 2.0, -ROW * f64::from(at.1))
}

fn is_spin3(machine: &Machine) -> bool {
    machine.width() == 2 && machine.height() == 2
}

/// Ethernet chips, if the machine is made of SpiNN-5 boards.
fn spin5_boards(machine: &Machine) -> Option<Vec<ChipXy>> {
    let (width, height) = (machine.width(), machine.height());
    let sized = (width, height) == (8, 8) || (width.is_multiple_of(12) && height.is_multiple_of(12));
    let hexagon: BTreeSet<ChipXy> = Board::Spin5.chips().into_iter().collect();
    let local =
        |at: u8, origin: u8, size: u8| (i32::from(at) - i32::from(origin)).rem_euclid(i32::from(size)) as u8;
    let fits = machine.chips().all(|(xy, chip)| {
        hexagon.contains(&ChipXy::new(
            local(xy.x, chip.ethernet.x, width),
            local(xy.y, chip.ethernet.y, height),
        ))
    });
    (sized && fits).then(|| machine.ethernet_chips().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_drawn_at_distance_one() {
        for link in Link::ALL {
            let (x, y) = direction(link);
            assert!((x.hypot(y) - 1.0).abs() < 1e-12, "{link}");
        }
    }

    #[test]
    fn a_lone_board_is_a_hexagon_without_dead_parts() {
        let machine = Machine::spin5();
        let layout = Layout::of(&machine);
        assert_eq!(layout.places.len(), 48);
        assert!(layout.places.iter().all(|p| p.alive));
        assert!(!layout.wraps);
        assert!(layout.dead_links(&machine).is_empty());
    }

    #[test]
    fn dead_parts_are_found() {
        let mut machine = Machine::spin5();
        machine.kill_chip(ChipXy::new(3, 3));
        machine.kill_link(ChipXy::new(0, 0), Link::NorthEast);
        let layout = Layout::of(&machine);
        assert_eq!(layout.places.len(), 48);
        assert!(!layout.place(ChipXy::new(3, 3)).unwrap().alive);
        let dead: Vec<_> = layout
            .dead_links(&machine)
            .iter()
            .map(|(p, l)| (p.xy, *l))
            .collect();
        assert_eq!(dead, [(ChipXy::new(0, 0), Link::NorthEast)]);
    }

    #[test]
    fn external_connectors_of_spin3_are_no_defects() {
        let machine = Machine::spin3();
        assert!(Layout::of(&machine).dead_links(&machine).is_empty());
    }

    #[test]
    fn boards_of_a_torus_form_an_upright_block_and_no_two_chips_share_a_place() {
        let machine = Machine::triads("spin:24x24", 24, 24).unwrap();
        let layout = Layout::of(&machine);
        let distinct: BTreeSet<_> = layout.places.iter().map(|p| p.at).collect();
        assert_eq!(distinct.len(), 576);
        // Twelve boards, each 8 wide, in rows of at most 24 and a half-board offset.
        assert!(layout.width < 24.0 + 9.0, "{}", layout.width);
        assert!(layout.dead_links(&machine).is_empty());
    }
}
