//! What may be done to a card and to its bank function, by their words. Where, and in which status, is the matter of the two
//! tables `card_act` and `bank`.

use crate::store::value::words;

words! {
    /// An act that concerns a card's social function, or the card as a whole.
    pub enum CardAct {
        /// 启用: put into use, by a person verified (bank, window) or a payment approved (hospital, pharmacy).
        Activate,
        /// The undoing of what put it into use, when a terminal reverses.
        TakeBack,
        /// 口头挂失: reported lost by word of mouth, for a term.
        ReportLoss,
        /// 正式挂失: reported lost in writing, with a document.
        ConfirmLoss,
        /// 解挂: found again.
        Release,
        /// The end of an oral loss that nobody confirmed in its term.
        Lapse,
        /// 封存: put aside by the agency.
        Seal,
        /// 解封: taken up again.
        Unseal,
        /// 应用锁定: the application is locked.
        Lock,
        /// 应用解锁: unlocked.
        Unlock,
        /// 注销: ended for good.
        Cancel,
        /// 补换: another card takes its place, which is being handed over.
        Supersede,
        /// 密码重置: the PIN is set back to an initial one.
        ResetPin,
    }
}

words! {
    /// An act that concerns the bank function.
    pub enum BankAct {
        /// Put into use by the holder.
        Activate,
        /// The undoing of what put it into use, when a terminal reverses.
        TakeBack,
        /// Reported lost by word of mouth.
        ReportLoss,
        /// Reported lost in writing.
        ConfirmLoss,
        /// Found again.
        Release,
        /// The end of an oral loss that nobody confirmed.
        Lapse,
        /// Blocked, because the card was cancelled or another took its place.
        Block,
        /// Closed by the bank.
        Close,
    }
}
