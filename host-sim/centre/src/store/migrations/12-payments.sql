-- 12-payments: at which outlet, or which bank's counter, a payment was first told of. NULL: before this version.
ALTER TABLE slip_payments ADD COLUMN outlet TEXT;
