"""The forms on which a call is written, part by part. Amounts are typed in 万元, stored in 元."""
