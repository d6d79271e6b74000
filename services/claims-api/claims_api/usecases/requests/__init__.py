"""What debtors ask for and what is answered: time, plans, objections, messages; one module a subject."""
