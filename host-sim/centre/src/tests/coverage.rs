//! That the tests of the rooms leave nothing out: every refusal, act, role and state of the centre. The lists come from
//! the code, so that what is added to it and reached by no test fails here.

mod parameters;
mod refusals;
mod roles;
mod waiting;
