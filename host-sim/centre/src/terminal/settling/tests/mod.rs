pub(crate) const REACHING: &[fn()] = &[];
