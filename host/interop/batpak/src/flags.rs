//! Command-line flags: `--name value` and `--name`, nothing cleverer, so that the crate needs no parser.

use std::str::FromStr;

use crate::Failure;

pub struct Flags<'a> {
    rest: Vec<&'a str>,
}

impl<'a> Flags<'a> {
    pub fn new(words: &[&'a str]) -> Self {
        Self { rest: words.to_vec() }
    }

    /// Takes a switch; true when it was there.
    pub fn switch(&mut self, name: &str) -> bool {
        let at = self.rest.iter().position(|w| *w == name);
        if let Some(i) = at {
            self.rest.remove(i);
        }
        at.is_some()
    }

    /// Takes a flag and its value, None when the flag is not there.
    pub fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        let Some(i) = self.rest.iter().position(|w| *w == name) else {
            return Ok(None);
        };
        if i + 1 == self.rest.len() {
            return Err(format!("{name} needs a value").into());
        }
        let text = self.rest[i + 1];
        self.rest.drain(i..i + 2);
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(format!("{name}: bad value {text}").into()),
        }
    }

    /// Takes a flag that must be there.
    pub fn required<T: FromStr>(&mut self, name: &str) -> Result<T, Failure> {
        self.value(name)?.ok_or_else(|| format!("{name} is missing").into())
    }

    /// Refuses what nobody took: a misspelled flag must not silently test something else.
    pub fn end(self) -> Result<(), Failure> {
        match self.rest.first() {
            None => Ok(()),
            Some(word) => Err(format!("unknown argument {word}").into()),
        }
    }
}
