//! Small ARM programs without a toolchain: a method per instruction that they need, in the order of the manual's
//! encodings (ARM DDI 0100, A3).
//!
//! Programs made here run on a bare core: no kernel, no interrupts, started by the monitor at address 0 in System mode or
//! Supervisor mode. [`Assembler::aplx`] packs them so that the monitor's loader takes them.

/// A register, 0 to 15.
pub type Register = u32;

/// When an instruction is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The last result was zero, or the operands were equal.
    Equal = 0,
    /// It was not.
    NotEqual = 1,
    /// Carry is set: the first operand was not less, unsigned.
    CarrySet = 2,
    /// Carry is clear: the first operand was less, unsigned.
    CarryClear = 3,
    /// Always.
    Always = 14,
}

/// A place in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// A branch whose target is not known yet.
#[must_use = "a branch has to lead somewhere"]
#[derive(Debug)]
pub struct Forward(usize, When);

/// A program that grows by one instruction at a time.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    words: Vec<u32>,
}

impl Assembler {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any word.
    pub fn word(&mut self, word: u32) {
        self.words.push(word);
    }

    /// `rd = value`: four instructions, a byte each, so that programs have the same length for all constants.
    pub fn constant(&mut self, rd: Register, value: u32) {
        let byte = |n: u32| value >> (8 * n) & 0xff;
        self.word(0xe3a0_0000 | rd << 12 | byte(0));
        for n in 1..4 {
            // Rotated right by twice 16 - 4n.
            self.word(0xe380_0000 | rd << 16 | rd << 12 | (16 - 4 * n) << 8 | byte(n));
        }
    }

    /// `ldr rd, [rn, #offset]`.
    pub fn load(&mut self, rd: Register, rn: Register, offset: u32) {
        assert!(offset < 4096, "an offset has twelve bits");
        self.word(0xe590_0000 | rn << 16 | rd << 12 | offset);
    }

    /// `str rd, [rn, #offset]`.
    pub fn store(&mut self, rd: Register, rn: Register, offset: u32) {
        assert!(offset < 4096, "an offset has twelve bits");
        self.word(0xe580_0000 | rn << 16 | rd << 12 | offset);
    }

    /// `ldr rd, [rn, rm, lsl #2]`.
    pub fn load_indexed(&mut self, rd: Register, rn: Register, rm: Register) {
        self.word(0xe790_0100 | rn << 16 | rd << 12 | rm);
    }

    /// `str rd, [rn, rm, lsl #2]`.
    pub fn store_indexed(&mut self, rd: Register, rn: Register, rm: Register) {
        self.word(0xe780_0100 | rn << 16 | rd << 12 | rm);
    }

    /// `add rd, rn, #value`.
    pub fn add(&mut self, rd: Register, rn: Register, value: u32) {
        assert!(value < 256, "an operand has eight bits here");
        self.word(0xe280_0000 | rn << 16 | rd << 12 | value);
    }

    /// `subs rd, rn, #value`.
    pub fn subtract(&mut self, rd: Register, rn: Register, value: u32) {
        assert!(value < 256, "an operand has eight bits here");
        self.word(0xe250_0000 | rn << 16 | rd << 12 | value);
    }

    /// `sub rd, rn, rm`.
    pub fn difference(&mut self, rd: Register, rn: Register, rm: Register) {
        self.word(0xe040_0000 | rn << 16 | rd << 12 | rm);
    }

    /// `mov rd, rm`.
    pub fn copy(&mut self, rd: Register, rm: Register) {
        self.word(0xe1a0_0000 | rd << 12 | rm);
    }

    /// `tst rn, rm`.
    pub fn test(&mut self, rn: Register, rm: Register) {
        self.word(0xe110_0000 | rn << 16 | rm);
    }

    /// `cmp rn, rm`.
    pub fn compare(&mut self, rn: Register, rm: Register) {
        self.word(0xe150_0000 | rn << 16 | rm);
    }

    /// Here.
    pub fn here(&self) -> Place {
        Place(self.words.len())
    }

    /// A branch back to a place.
    pub fn branch(&mut self, when: When, to: Place) {
        let from = self.words.len();
        self.word(branch(when, from, to.0));
    }

    /// A branch to a place that comes later: [`Assembler::land`].
    pub fn branch_ahead(&mut self, when: When) -> Forward {
        self.word(0);
        Forward(self.words.len() - 1, when)
    }

    /// Where a branch ahead leads.
    pub fn land(&mut self, forward: Forward) {
        self.words[forward.0] = branch(forward.1, forward.0, self.words.len());
    }

    /// Sleeps for ever, as no interrupt is enabled.
    pub fn sleep(&mut self) {
        let again = self.here();
        self.word(0xee07_0f90);
        self.branch(When::Always, again);
    }

    /// The program as an APLX file: copy what follows to address 0, then run it there
    /// (`spinnaker_tools: scamp/boot_aplx.s`; application note 3).
    pub fn aplx(&self) -> Vec<u8> {
        const RELATIVE_COPY: u32 = 2;
        const EXECUTE: u32 = 4;
        // The loader copies 32 bytes at a time.
        let length = self.words.len().next_multiple_of(8);
        let header = [RELATIVE_COPY, 0, 32, 4 * length as u32, EXECUTE, 0, 0, 0];
        let padding = std::iter::repeat_n(0, length - self.words.len());
        let words = header
            .into_iter()
            .chain(self.words.iter().copied())
            .chain(padding);
        words.flat_map(u32::to_le_bytes).collect()
    }
}

fn branch(when: When, from: usize, to: usize) -> u32 {
    // The program counter is two instructions ahead.
    let offset = (to as i32 - from as i32 - 2) as u32;
    (when as u32) << 28 | 0x0a00_0000 | offset & 0x00ff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use taproot_spinnaker::wire::aplx::Aplx;

    /// Encodings as GNU as gives them.
    #[test]
    fn instructions_are_encoded_as_the_manual_says() {
        let mut program = Assembler::new();
        program.constant(3, 0x1234_5678);
        program.load(1, 2, 0x24);
        program.store(1, 2, 0);
        program.load_indexed(4, 5, 6);
        program.store_indexed(4, 5, 6);
        program.add(0, 1, 4);
        let loop_ = program.here();
        program.subtract(0, 0, 1);
        program.branch(When::NotEqual, loop_);
        program.difference(1, 2, 3);
        program.copy(7, 8);
        program.test(1, 2);
        program.compare(1, 2);
        let ahead = program.branch_ahead(When::Equal);
        program.sleep();
        program.land(ahead);
        assert_eq!(
            program.words,
            [
                0xe3a0_3078, // mov r3, #0x78
                0xe383_3c56, // orr r3, r3, #0x5600
                0xe383_3834, // orr r3, r3, #0x340000
                0xe383_3412, // orr r3, r3, #0x12000000
                0xe592_1024, // ldr r1, [r2, #0x24]
                0xe582_1000, // str r1, [r2]
                0xe795_4106, // ldr r4, [r5, r6, lsl #2]
                0xe785_4106, // str r4, [r5, r6, lsl #2]
                0xe281_0004, // add r0, r1, #4
                0xe250_0001, // subs r0, r0, #1
                0x1aff_fffd, // bne
                0xe042_1003, // sub r1, r2, r3
                0xe1a0_7008, // mov r7, r8
                0xe111_0002, // tst r1, r2
                0xe151_0002, // cmp r1, r2
                0x0a00_0001, // beq
                0xee07_0f90, // mcr p15, 0, r0, c7, c0, 4
                0xeaff_fffd, // b
            ]
        );
    }

    #[test]
    fn the_loader_s_table_is_understood_by_the_parser() {
        let mut program = Assembler::new();
        program.sleep();
        let aplx = Aplx::parse(&program.aplx()).unwrap();
        assert_eq!(aplx.code_bytes(), 32);
    }
}
