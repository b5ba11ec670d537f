"""The invented goods: 200 items of 12 categories and 30 brands."""
import numpy

CATEGORIES = [
    "shoes",
    "coats",
    "lamps",
    "kettles",
    "headphones",
    "backpacks",
    "toys",
    "books",
    "plants",
    "bicycles",
    "skincare",
    "snacks",
]
PRICE_LEVEL = [62, 110, 45, 38, 85, 55, 24, 14, 19, 420, 22, 6]  # USD, median by category
N_BRANDS = 30
FIRST = ["alba", "birch", "coral", "delta", "ember", "fjord", "gale", "hazel", "iris", "jade"]
LAST = ["wren", "stone", "field"]


def brand_name(number):
    return f"{FIRST[number % len(FIRST)]}_{LAST[number // len(FIRST)]}"


def catalog(seed=20261102, n_items=200):
    """Columns by fact name, each object [200]; `offer` is the id. Always the same for a seed."""
    generator = numpy.random.default_rng(seed)
    category = numpy.arange(n_items) % len(CATEGORIES)
    brand = generator.integers(0, N_BRANDS, n_items)
    price = numpy.array(PRICE_LEVEL)[category] * numpy.exp(generator.normal(0, 0.45, n_items))
    rating = numpy.clip(generator.normal(4.1, 0.45, n_items), 1.5, 5.0)
    discount = numpy.where(
        generator.random(n_items) < 0.35, generator.uniform(0.05, 0.5, n_items), 0
    )
    reviews = generator.negative_binomial(0.7, 0.006, n_items)
    new = generator.random(n_items) < 0.12
    columns = {
        "offer": [f"item-{number:03d}" for number in range(n_items)],
        "category": [CATEGORIES[number] for number in category],
        "brand": [brand_name(number) for number in brand],
        "price": numpy.round(price, 2),
        "discount": numpy.round(discount, 2),
        "rating": numpy.where(new, None, numpy.round(rating, 1)),
        "reviews": numpy.where(new, 0, reviews),
        "margin": numpy.round(price * (1 - discount) * generator.uniform(0.08, 0.3, n_items), 2),
        "seller": [f"seller-{number:02d}" for number in generator.integers(0, 18, n_items)],
        "in_stock": generator.random(n_items) < 0.96,
        "is_adult_only": numpy.zeros(n_items, dtype=bool),
    }
    columns["is_adult_only"][generator.choice(n_items, 4, replace=False)] = True
    return {name: numpy.array(values, dtype=object) for name, values in columns.items()}
