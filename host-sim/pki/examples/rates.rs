//! How fast the operations are: prints figures for docs/measurements.md and judges nothing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use qiyong_pki::issuer::{Subject, TestCa, Usage};
use qiyong_pki::key::SecretKey;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

fn rate(name: &str, mut work: impl FnMut()) {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_secs(2) {
        work();
        count += 1;
    }
    println!("{name:24} {:8.0} a second", f64::from(count) / start.elapsed().as_secs_f64());
}

fn main() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let key = SecretKey::derive(&[b"rates"]);
    let public = key.public();
    let data = [0xA5; 100];
    let digest = public.digest(&data);
    let signature = key.sign(&digest, &mut random).unwrap();
    let sealed = public.seal(&data[..16], &mut random).unwrap();
    let days = ((2026, 1, 1), (2036, 1, 1));
    let (ca, subject) = (TestCa::default(), Subject { name: "张三", card: "X00000019", serial: 7, days });
    rate("digest of 100 bytes", || _ = black_box(public.digest(&data)));
    rate("sign a digest", || _ = black_box(key.sign(&digest, &mut random)));
    rate("verify 100 bytes", || _ = black_box(public.verify(&data, &signature)));
    rate("seal a key", || _ = black_box(public.seal(&data[..16], &mut random)));
    rate("open a key", || _ = black_box(key.open(&sealed)));
    rate("issue a certificate", || _ = black_box(ca.issue(&subject, &public, Usage::Sign)));
}
