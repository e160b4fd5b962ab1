"""What leaves the machine by itself. Knows neither rules nor the database."""
