"""Scripts in other forms: the fixture files of Stripe's command-line tool (there and back), curl, Python."""
