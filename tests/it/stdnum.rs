//! Numbers of every kind, right and wrong, held against python-stdnum (GB 11643-1999, GB 32100-2015, GB
//! 11714-1997). Its known errors are named and argued for in `conformance/identifiers/check.py`; nothing else may
//! differ. Left out without `YIHAO_TEST_STDNUM`, a Python that has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

use yihao::domain::citizen_id::CitizenId;
use yihao::domain::division;
use yihao::domain::organisation_code::OrganisationCode;
use yihao::domain::policy::Synthetic;
use yihao::domain::registration_number::RegistrationNumber;
use yihao::domain::uscc::Uscc;

/// Numbers of each kind.
const NUMBERS: usize = 100_000;
const CREDIT: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const BODY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The same numbers with every run.
struct Dice(u64);

impl Dice {
    /// A number below `count`.
    fn below(&mut self, count: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn one_of(&mut self, characters: &str) -> char {
        let place = self.below(characters.len());
        char::from(characters.as_bytes()[place])
    }

    fn text(&mut self, characters: &str, length: usize) -> String {
        (0..length).map(|_| self.one_of(characters)).collect()
    }
}

/// A number, and what we say of it.
type Judged = (String, &'static str);

fn citizen(dice: &mut Dice, divisions: &[String]) -> Judged {
    let place = if dice.below(20) == 0 {
        dice.text("0123456789", 6)
    } else {
        divisions[dice.below(divisions.len())].clone()
    };
    let number = dated(dice, &place);
    let verdict = CitizenId::parse(&number, Synthetic::Refused).err();
    (number, verdict.map_or("ok", |error| error.code()))
}

/// A number of this place; one in five has any check character.
fn dated(dice: &mut Dice, place: &str) -> String {
    // Nobody is born in a year 21xx yet: the numbers are nobody's. In the others the day does not exist.
    let (month, day) = match dice.below(50) {
        0 => (13, 1),
        1 => (2, 30),
        _ => (1 + dice.below(12), 1 + dice.below(28)),
    };
    let year = 2101 + dice.below(99);
    let body = format!("{place}{year}{month:02}{day:02}{:03}", dice.below(1000));
    let digits = body.bytes().map(|digit| usize::from(digit - b'0'));
    let rest = digits.fold(0, |rest, digit| (rest + digit) * 2 % 11);
    let right = "0123456789X".chars().nth((12 - rest) % 11).unwrap();
    let check = if dice.below(5) == 0 { dice.one_of("0123456789X") } else { right };
    format!("{body}{check}")
}

/// Of a foreigner who resides here for good, or of a resident of Hong Kong, Macao or Taiwan.
fn permit(dice: &mut Dice) -> Judged {
    // Nationalities by their numbers (ISO 3166-1): the United States, Germany, Japan, Nigeria.
    let place = match dice.below(4) {
        0 => "810000".to_owned(),
        1 => "820000".to_owned(),
        2 => "830000".to_owned(),
        _ => format!("914{}", ["840", "276", "392", "566"][dice.below(4)]),
    };
    let number = dated(dice, &place);
    let verdict = CitizenId::parse(&number, Synthetic::Refused).err();
    (number, verdict.map_or("ok", |error| error.code()))
}

fn registration(dice: &mut Dice) -> Judged {
    let length = if dice.below(50) == 0 { 14 } else { 15 };
    let number = dice.text("0123456789", length);
    let verdict = RegistrationNumber::parse(&number, Synthetic::Accepted).err();
    (number, verdict.map_or("ok", |error| error.code()))
}

fn organisation(dice: &mut Dice) -> Judged {
    let body = dice.text(BODY, 8);
    let code = format!("{body}{}", dice.one_of("0123456789X"));
    let verdict = OrganisationCode::parse(&code, Synthetic::Accepted).err();
    (code, verdict.map_or("ok", |error| error.code()))
}

fn uscc(dice: &mut Dice, divisions: &[String]) -> Judged {
    let department = if dice.below(10) == 0 { dice.one_of(CREDIT) } else { dice.one_of("1359AN") };
    let division = if dice.below(20) == 0 {
        dice.text("0123456789", 6)
    } else {
        divisions[dice.below(divisions.len())].clone()
    };
    let body = dice.text(CREDIT, 8);
    let checks = "0123456789X".chars();
    let inner = checks.map(|check| format!("{body}{check}"));
    let mut right = inner.filter(|code| OrganisationCode::parse(code, Synthetic::Accepted).is_ok());
    let mut code = right.next().expect("one of them is right");
    assert_eq!(right.next(), None);
    if dice.below(5) == 0 {
        code = format!("{body}{}", dice.one_of("0123456789X"));
    }
    let text = format!("{department}{}{division}{code}", dice.one_of("129"));
    let mut weight = 1;
    let mut sum = 0;
    for character in text.chars() {
        sum += CREDIT.find(character).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    let right = CREDIT.chars().nth((31 - sum % 31) % 31).unwrap();
    let check = if dice.below(5) == 0 { dice.one_of(CREDIT) } else { right };
    let number = format!("{text}{check}");
    let verdict = Uscc::parse(&number, Synthetic::Accepted).err();
    (number, verdict.map_or("ok", |error| error.code()))
}

#[test]
fn another_implementation_differs_only_where_it_is_known_to_be_wrong() {
    let Ok(python) = std::env::var("YIHAO_TEST_STDNUM") else { return };
    let divisions: Vec<String> = division::current().map(|(code, _)| code).collect();
    let mut dice = Dice(1);
    let mut lines = String::new();
    let mut add = |kind, (number, verdict): Judged| {
        writeln!(lines, "{kind}\t{number}\t{verdict}").unwrap();
    };
    for _ in 0..NUMBERS {
        add("citizen", citizen(&mut dice, &divisions));
        add("uscc", uscc(&mut dice, &divisions));
        add("organisation", organisation(&mut dice));
        add("permit", permit(&mut dice));
        add("registration", registration(&mut dice));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/identifiers/check.py");
    let mut process = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    // Whatever it did not read it complains about below.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    let output = process.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let said = String::from_utf8(output.stdout).unwrap();
    let mut counts = BTreeMap::new();
    for line in said.lines() {
        let [kind, what, count] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        counts.insert((kind, what), count.parse::<usize>().unwrap());
    }
    for kind in ["citizen", "uscc", "organisation", "permit", "registration"] {
        let all: usize = counts.iter().filter(|count| count.0.0 == kind).map(|count| count.1).sum();
        assert_eq!(all, NUMBERS, "{kind}");
    }
    let known = [
        ("citizen", "agreed"),
        ("citizen", "it does not know the place in that year"),
        ("citizen", "it takes a division that is no county"),
        ("organisation", "agreed"),
        ("permit", "agreed"),
        ("registration", "agreed"),
        ("uscc", "agreed"),
        ("uscc", "it does not know the department"),
        ("uscc", "it does not look at department and division"),
        ("uscc", "it does not look at the organisation code"),
    ];
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), known, "{counts:?}");
}
